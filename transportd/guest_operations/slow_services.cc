// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/slow_services.h"

#include <iterator>

#include "base/log.h"
#include "transportd/vix/strings.h"

namespace toolboxd {

bool SlowServices::Refuses(const std::string& user, absl::Time now) const {
  const auto found = users_.find(user);
  return found != users_.end() && now < found->second;
}

void SlowServices::Waited(const std::string& user, absl::Duration time, absl::Time now) {
  for (auto entry = users_.begin(); entry != users_.end();) {
    entry = now - entry->second >= kMemory ? users_.erase(entry) : std::next(entry);
  }
  const auto [entry, first] = users_.try_emplace(user, now);
  if (first) return;
  entry->second = now + kPause * time;
  LogWarning("services of the user ", vix::Escape(user),
             " did not answer in time again: ", "guest operations of this user are refused for ",
             absl::FormatDuration(kPause * time));
}

}  // namespace toolboxd
