// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_times.h"

#include <algorithm>
#include <cstddef>

namespace toolboxd {

void LoginTimes::Accepted(uid_t uid, absl::Duration time, absl::Time now) {
  const auto [user, first] = users_.try_emplace(uid, User{time, now});
  if (!first) user->second = {std::max(time, (user->second.time + time) / 2), now};
  if (users_.size() <= kMaxUsers) return;
  users_.erase(std::min_element(users_.begin(), users_.end(), [](const auto& a, const auto& b) {
    return a.second.seen < b.second.seen;
  }));
}

std::vector<absl::Duration> LoginTimes::Lately(absl::Time now) const {
  std::vector<absl::Duration> times;
  for (const auto& [uid, user] : users_) {
    if (now - user.seen < kLife) times.push_back(user.time);
  }
  return times;
}

absl::Duration LoginTimes::Limit(absl::Time now) const {
  std::vector<absl::Duration> times = Lately(now);
  if (times.empty()) return std::max(least_, std::min(kMost, kFactorAtFirst * least_));
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
  std::nth_element(times.begin(), middle, times.end());
  return std::max(least_, std::min(kMost, kFactor * *middle));
}

}  // namespace toolboxd
