// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/user_rules.h"

#include <utility>

#include "base/status.h"

namespace toolboxd {

UserRules::UserRules(UserList allow, UserList deny)
    : allow_(std::move(allow)), deny_(std::move(deny)) {}

UserRules UserRules::RefuseAll() {
  UserRules rules;
  rules.refuse_all_ = true;
  return rules;
}

absl::Status UserRules::Check(const std::string& user, std::optional<uid_t> uid) const {
  // If the user database does not answer, the user may be one of those who are denied.
  const bool refused = refuse_all_ || IsListed(deny_, user, uid) != Listed::kNo ||
                       (!allow_.empty() && IsListed(allow_, user, uid) != Listed::kYes);
  if (!refused) return absl::OkStatus();
  return MakeError(v1::DISABLED_BY_POLICY, "the policy does not allow this user");
}

}  // namespace toolboxd
