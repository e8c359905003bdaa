// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_waits.h"

#include <algorithm>
#include <iterator>

namespace toolboxd {

// What has not come back yet.
absl::Duration LoginWaits::Left(const Used& used, absl::Time now) {
  return std::max(absl::ZeroDuration(), used.time - (now - used.at) / kShare);
}

absl::Duration LoginWaits::Patience(uid_t user, absl::Time now) const {
  const auto found = users_.find(user);
  if (found == users_.end()) return most_;
  const absl::Duration rest = most_ - Left(found->second, now);
  // A shorter wait would not count, however often it is repeated.
  return rest < kSlow ? absl::ZeroDuration() : rest;
}

void LoginWaits::Waited(uid_t user, absl::Duration time, absl::Time now) {
  if (time < kSlow) return;
  for (auto entry = users_.begin(); entry != users_.end();) {
    const bool forgotten = Left(entry->second, now) == absl::ZeroDuration();
    entry = forgotten ? users_.erase(entry) : std::next(entry);
  }
  const auto found = users_.find(user);
  const absl::Duration before =
      found == users_.end() ? absl::ZeroDuration() : Left(found->second, now);
  users_[user] = {before + time, now};
}

}  // namespace toolboxd
