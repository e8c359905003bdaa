// SPDX-License-Identifier: Apache-2.0

// The host's side of a customization: keeps the states that the guest reports, and connects the
// network when the guest asks for it (docs/protocol/customization.md 9.1, 9.2).

#ifndef TOOLBOXD_VMXSIM_CUSTOMIZE_HOST_H_
#define TOOLBOXD_VMXSIM_CUSTOMIZE_HOST_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

// One `deployPkg.update.state`.
struct CustomizeState {
  // Counts from 1 without gaps.
  uint64_t number = 0;
  absl::Time time;
  // What follows the command: "4 103 /var/log/cloud-init.log@1".
  std::string text;
};

// Not thread-safe.
class CustomizeHost {
 public:
  static constexpr size_t kMaxStates = 1000;
  // How often the guest learns that its network is not connected yet.
  static constexpr int kDisconnected = 2;

  // `arguments`: what follows "deployPkg.update.state ". Returns the reply.
  std::string OnState(absl::string_view arguments, absl::Time now);

  // The states with a number above `after`, oldest first.
  std::vector<CustomizeState> Since(uint64_t after) const;
  uint64_t last_number() const { return last_number_; }

 private:
  std::deque<CustomizeState> states_;
  uint64_t last_number_ = 0;
  // Queries since the guest asked for its network.
  int queries_ = 0;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CUSTOMIZE_HOST_H_
