// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/leaving_sessions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/process_handle.h"

namespace toolboxd {

void LeavingSessions::Add(SessionService service, uid_t uid, UniqueFd process) {
  if (process.ok()) leaving_.push_back({service, uid, std::move(process)});
}

void LeavingSessions::Sweep() {
  leaving_.remove_if([](const Leaving& leaving) { return HasProcessEnded(leaving.process.get()); });
}

size_t LeavingSessions::Count(SessionService service) const {
  return std::count_if(leaving_.begin(), leaving_.end(),
                       [&](const Leaving& leaving) { return leaving.service == service; });
}

std::set<uid_t> LeavingSessions::CrowdedUsers(SessionService service) const {
  std::map<uid_t, size_t> counts;
  for (const Leaving& leaving : leaving_) {
    if (leaving.service == service) ++counts[leaving.uid];
  }
  const size_t limit = Count(service) >= kMax ? 1 : kMaxOfUser;
  std::set<uid_t> crowded;
  for (const auto& [uid, count] : counts) {
    if (count >= limit) crowded.insert(uid);
  }
  return crowded;
}

}  // namespace toolboxd
