// SPDX-License-Identifier: Apache-2.0

// TrimSchedule: when a process that is used now and then returns memory to the kernel.

#ifndef TOOLBOXD_TRANSPORTD_TRIM_SCHEDULE_H_
#define TOOLBOXD_TRANSPORTD_TRIM_SCHEDULE_H_

#include <algorithm>

#include "absl/time/time.h"

namespace toolboxd {

// After kQuiet without a use, and in any case kInterval after the first use since the last time: a
// host that asks without a pause would otherwise keep all that its largest requests needed. From
// then on every kInterval. Times are of one clock that does not go back. Not thread-safe.
class TrimSchedule {
 public:
  static constexpr absl::Duration kQuiet = absl::Seconds(2);
  // Without a use, timers and the search for vsock bring back code that is used once in many
  // seconds. Not so often that reading it again shows: 60 page faults, 0.2 ms.
  static constexpr absl::Duration kInterval = absl::Seconds(10);

  void Used(absl::Time now) {
    latest_ = std::min(latest_, now + kInterval);
    due_ = std::min(now + kQuiet, latest_);
  }
  // Memory was returned.
  void Done(absl::Time now) {
    latest_ = absl::InfiniteFuture();
    due_ = now + kInterval;
  }
  // Never before the first use.
  absl::Time due() const { return due_; }

 private:
  absl::Time latest_ = absl::InfiniteFuture();
  absl::Time due_ = absl::InfiniteFuture();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TRIM_SCHEDULE_H_
