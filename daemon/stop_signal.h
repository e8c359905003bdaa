// SPDX-License-Identifier: Apache-2.0

// Ends the waiting of other threads.

#ifndef TOOLBOXD_DAEMON_STOP_SIGNAL_H_
#define TOOLBOXD_DAEMON_STOP_SIGNAL_H_

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/time/time.h"
#include "base/unique_fd.h"

namespace toolboxd {

// Can be set once, and stays set. Thread-safe.
class StopSignal {
 public:
  StopSignal() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void Set() {
    const uint64_t one = 1;
    while (write(event_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
  }

  bool IsSet() const { return WaitFor(absl::ZeroDuration()); }

  // Whether it is set within that time.
  bool WaitFor(absl::Duration time) const {
    Poll(-1, 0, time);
    pollfd event{event_.get(), POLLIN, 0};
    return poll(&event, 1, 0) == 1;
  }

  // Returns as soon as one of `events` is true of fd (-1: no descriptor), the signal is set, or the
  // time is over. May also return spuriously.
  void Poll(int fd, int events, absl::Duration time) const {
    pollfd fds[] = {{event_.get(), POLLIN, 0}, {fd, static_cast<int16_t>(events), 0}};
    const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(time, absl::Milliseconds(1)));
    poll(fds, 2, static_cast<int>(std::clamp<int64_t>(ms, 0, INT32_MAX)));
  }

 private:
  UniqueFd event_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_STOP_SIGNAL_H_
