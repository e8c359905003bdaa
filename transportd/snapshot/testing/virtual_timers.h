// SPDX-License-Identifier: Apache-2.0

// VirtualTimers: a clock that a test moves, and the tasks that it makes due.

#ifndef TOOLBOXD_TRANSPORTD_SNAPSHOT_TESTING_VIRTUAL_TIMERS_H_
#define TOOLBOXD_TRANSPORTD_SNAPSHOT_TESTING_VIRTUAL_TIMERS_H_

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/time/time.h"

namespace toolboxd::snapshot {

class VirtualTimers {
 public:
  absl::Time now() const { return now_; }

  void RunAt(absl::Time time, std::function<void()> task) { tasks_.emplace(time, std::move(task)); }

  // Moves the clock, and runs what becomes due at its time.
  void Advance(absl::Duration time) {
    const absl::Time end = now_ + time;
    while (!tasks_.empty() && tasks_.begin()->first <= end) {
      const auto task = std::move(tasks_.begin()->second);
      now_ = std::max(now_, tasks_.begin()->first);
      tasks_.erase(tasks_.begin());
      task();
    }
    now_ = end;
  }

 private:
  absl::Time now_ = absl::UnixEpoch();
  std::multimap<absl::Time, std::function<void()>> tasks_;
};

}  // namespace toolboxd::snapshot

#endif  // TOOLBOXD_TRANSPORTD_SNAPSHOT_TESTING_VIRTUAL_TIMERS_H_
