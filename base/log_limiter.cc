// SPDX-License-Identifier: Apache-2.0

#include "base/log_limiter.h"

#include <utility>

namespace toolboxd {

LogLimiter::Verdict LogLimiter::Ask(absl::string_view kind, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  std::string key(kind);
  if (entries_.size() >= kMaxKinds && entries_.count(key) == 0) key = "other";
  Entry& entry = entries_[key];
  if (now < entry.next) {
    ++entry.suppressed;
    return {};
  }
  entry.next = now + kPeriod;
  return {true, std::exchange(entry.suppressed, 0)};
}

std::vector<LogLimiter::Suppressed> LogLimiter::TakeSuppressed(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  std::vector<Suppressed> taken;
  for (auto& [kind, entry] : entries_) {
    if (entry.suppressed == 0 || now < entry.next) continue;
    taken.push_back({kind, std::exchange(entry.suppressed, 0)});
    entry.next = now + kPeriod;
  }
  return taken;
}

}  // namespace toolboxd
