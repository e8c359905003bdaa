// SPDX-License-Identifier: Apache-2.0

// What was asked of the guest and what came of it.

#ifndef TOOLBOXD_TESTS_SOAK_JOURNAL_H_
#define TOOLBOXD_TESTS_SOAK_JOURNAL_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace toolboxd::soak {

// Counts by kind of operation. Thread-safe.
class Journal {
 public:
  struct Counts {
    uint64_t done = 0;
    // Answered with an error, as while a service starts again; not a failure where faults are made.
    uint64_t refused = 0;
    // No answer within the time that a host waits.
    uint64_t lost = 0;
    // Answered, and not what was asked.
    uint64_t wrong = 0;
  };

  // `outcome` is ok, kAborted (refused), kDeadlineExceeded or kUnavailable (lost), or anything else
  // (wrong). The first ten that are wrong are printed.
  void Record(absl::string_view kind, const absl::Status& outcome);

  Counts Sum() const;
  std::map<std::string, Counts> ByKind() const;
  // How often an operation was refused with each text.
  std::map<std::string, uint64_t> Refusals() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, Counts> kinds_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> refusals_ ABSL_GUARDED_BY(mutex_);
  int printed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace toolboxd::soak

#endif  // TOOLBOXD_TESTS_SOAK_JOURNAL_H_
