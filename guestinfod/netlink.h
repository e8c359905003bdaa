// SPDX-License-Identifier: Apache-2.0

// The sockets on which the kernel reports changes of the network.

#ifndef TOOLBOXD_GUESTINFOD_NETLINK_H_
#define TOOLBOXD_GUESTINFOD_NETLINK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "guestinfod/network_state.h"

namespace toolboxd::guestinfod {

// Needs no privilege. Not thread-safe.
class Netlink {
 public:
  // Subscribes to the notices of links, addresses and routes, of the network namespace that
  // the process is in.
  static absl::StatusOr<Netlink> Open();

  // Becomes readable when there are notices.
  int fd() const { return notices_.get(); }

  // Takes all waiting notices. Whether the network may have changed: also when notices were
  // lost because too many came.
  bool Drain();

  // The network as it is now: the links that `wants` accepts, with the addresses and routes of
  // those that are up.
  absl::StatusOr<NetworkState> Dump(const std::function<bool(const Link&)>& wants);

 private:
  Netlink() = default;

  absl::Status DumpAll(NetworkState& state);
  // `body` is what follows the header of the message.
  absl::Status DumpOne(uint16_t type, const std::string& body, NetworkState& state);

  UniqueFd notices_;
  UniqueFd requests_;
  uint32_t sequence_ = 0;
  // What one datagram of a dump may take.
  std::string buffer_;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_NETLINK_H_
