// SPDX-License-Identifier: Apache-2.0

// UserRules: which users the policy permits.

#ifndef TOOLBOXD_TRANSPORTD_POLICY_USER_RULES_H_
#define TOOLBOXD_TRANSPORTD_POLICY_USER_RULES_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "transportd/policy/user_list.h"

namespace toolboxd {

// What one reading of the policy says about users; never changes. Thread-safe.
class UserRules {
 public:
  // Permits every user.
  UserRules() = default;
  // An empty `allow` permits every user that `deny` does not name.
  UserRules(UserList allow, UserList deny);
  // Permits no user.
  static UserRules RefuseAll();

  // Whether Check() answers without the machine's user database.
  bool is_simple() const { return refuse_all_ || (allow_.empty() && deny_.empty()); }

  // DISABLED_BY_POLICY for a user who may not use guest operations. Without `uid`, which only a
  // login returns, the database's. May wait for a directory server, without a time limit. If the
  // database does not answer, rules that deny any user or group refuse everyone, and rules that
  // allow only some refuse the user.
  absl::Status Check(const std::string& user, std::optional<uid_t> uid = std::nullopt) const;

 private:
  UserList allow_;
  UserList deny_;
  bool refuse_all_ = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_USER_RULES_H_
