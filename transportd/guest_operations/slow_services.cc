// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/slow_services.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "transportd/vix/strings.h"

namespace toolboxd {

absl::Duration SlowServices::Owed(const Account& account, absl::Time now) {
  return std::max(absl::ZeroDuration(), account.waited - (now - account.time) / kShare);
}

bool SlowServices::Refuses(const std::string& user, absl::Time now) const {
  const auto found = users_.find(user);
  return found != users_.end() && Owed(found->second, now) > burst_;
}

absl::Duration SlowServices::LimitOf(const std::string& user, absl::Time now) const {
  const absl::Time others = user == last_user_ ? other_time_ : last_time_;
  return now - others < kCompany ? std::min(burst_, kBesideOthers) : burst_;
}

void SlowServices::Served(const std::string& user, absl::Time now) {
  if (user != last_user_) {
    other_time_ = last_time_;
    last_user_ = user;
  }
  last_time_ = now;
}

void SlowServices::Waited(const std::string& user, absl::Duration time, absl::Time now) {
  for (auto entry = users_.begin(); entry != users_.end();) {
    const bool forgiven = Owed(entry->second, now) == absl::ZeroDuration();
    entry = forgiven ? users_.erase(entry) : std::next(entry);
  }
  const auto [entry, first] = users_.try_emplace(user, Account{std::min(time, burst_), now});
  if (first) return;
  entry->second = {Owed(entry->second, now) + time, now};
  const absl::Duration excess = entry->second.waited - burst_;
  if (excess <= absl::ZeroDuration()) return;
  LogTextLimited(LogLevel::kWarning, "slow services",
                 absl::StrCat("services of the user ", vix::Escape(user),
                              " keep the host waiting: guest operations of this user are refused "
                              "for ",
                              absl::FormatDuration(excess * kShare)));
}

}  // namespace toolboxd
