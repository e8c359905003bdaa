// SPDX-License-Identifier: Apache-2.0

#include "base/log_limiter.h"

#include <iterator>
#include <utility>

namespace toolboxd {

LogLimiter::Verdict LogLimiter::Ask(absl::string_view kind, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  std::string key(kind);
  if (entries_.size() >= kMaxKinds && entries_.count(key) == 0) {
    ForgetOld(now);
    if (entries_.size() >= kMaxKinds) key = "other";
  }
  Entry& entry = entries_[key];
  if (now < entry.next) {
    ++entry.suppressed;
    return {};
  }
  entry.next = now + kPeriod;
  return {true, std::exchange(entry.suppressed, 0)};
}

void LogLimiter::ForgetOld(absl::Time now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool old = entry->second.suppressed == 0 && now >= entry->second.next;
    entry = old ? entries_.erase(entry) : std::next(entry);
  }
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
