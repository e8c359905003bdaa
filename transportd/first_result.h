// SPDX-License-Identifier: Apache-2.0

// FirstResult: the first thing that the thread of a call reports, for which the channel's thread
// waits.

#ifndef TOOLBOXD_TRANSPORTD_FIRST_RESULT_H_
#define TOOLBOXD_TRANSPORTD_FIRST_RESULT_H_

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace toolboxd {

// Thread-safe. Both sides learn whether the result has been taken: a call that is too late cannot
// take itself for one that has begun.
template <typename T>
class FirstResult {
 public:
  // False if no one waits for it any more.
  bool Set(T result) {
    absl::MutexLock lock(&mutex_);
    if (abandoned_) return false;
    result_ = std::move(result);
    return true;
  }

  // Waits for Set(). Empty if that does not come within `limit`: then every later Set() is false.
  std::optional<T> Await(absl::Duration limit) {
    const auto done = [this]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return result_.has_value(); };
    absl::MutexLock lock(&mutex_);
    abandoned_ = !mutex_.AwaitWithTimeout(absl::Condition(&done), limit);
    return result_;
  }

 private:
  absl::Mutex mutex_;
  std::optional<T> result_ ABSL_GUARDED_BY(mutex_);
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FIRST_RESULT_H_
