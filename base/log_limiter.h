// SPDX-License-Identifier: Apache-2.0

// Limits how often one kind of message is logged.

#ifndef TOOLBOXD_BASE_LOG_LIMITER_H_
#define TOOLBOXD_BASE_LOG_LIMITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace toolboxd {

// Lets one message of a kind pass a minute and counts the others. Thread-safe.
class LogLimiter {
 public:
  struct Verdict {
    bool pass = false;
    // Messages of this kind suppressed since the last one that passed.
    uint64_t suppressed = 0;
  };

  // `now` is the time of a clock that never goes back, such as SteadyNow. Kinds are constants of
  // the program. Past kMaxKinds, the kinds whose minute is over and of which nothing was suppressed
  // are forgotten; if there are none, new kinds share one entry.
  Verdict Ask(absl::string_view kind, absl::Time now);

  // How many messages of a kind were suppressed.
  struct Suppressed {
    std::string kind;
    uint64_t count;
  };
  // The counts that no message has shown yet, for kinds whose minute is over. A new minute begins
  // for them.
  std::vector<Suppressed> TakeSuppressed(absl::Time now);

  static constexpr absl::Duration kPeriod = absl::Minutes(1);
  static constexpr size_t kMaxKinds = 512;

 private:
  struct Entry {
    absl::Time next = absl::InfinitePast();
    uint64_t suppressed = 0;
  };

  void ForgetOld(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_LOG_LIMITER_H_
