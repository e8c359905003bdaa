// SPDX-License-Identifier: Apache-2.0

// A descriptor whose last close waits.

#ifndef TOOLBOXD_DAEMON_TESTING_LINGERING_H_
#define TOOLBOXD_DAEMON_TESTING_LINGERING_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/unique_fd.h"

namespace toolboxd {

// The last close waits this long, since the other side takes nothing.
constexpr absl::Duration kLinger = absl::Seconds(20);
// Faster than that, on a busy machine, too.
constexpr absl::Duration kAtOnce = absl::Seconds(5);

// A TCP connection over loopback.
class Lingering {
 public:
  Lingering();
  // The only descriptor of this side's. Once only.
  UniqueFd Take() { return std::move(side_); }
  // Sends the bytes with the only descriptor of this side's over a Unix socket. Once only. Whether
  // the kernel took them.
  bool SendWith(const std::string& bytes, int socket);

 private:
  UniqueFd side_;
  UniqueFd other_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_LINGERING_H_
