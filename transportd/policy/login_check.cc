// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/login_check.h"

#include "transportd/operation/operation.h"

namespace toolboxd {

absl::Status CheckLogin(const PolicyStore& policy, const std::string& user) {
  for (size_t i = 0; i < kOperations; ++i) {
    const absl::Status checked = policy.CheckOperation(static_cast<Operation>(i));
    if (!checked.ok()) return checked;
  }
  // No program has an empty name: refused by every list.
  if (absl::Status checked = policy.CheckProgram({}).status(); !checked.ok()) return checked;
  return policy.user_rules()->Check(user);
}

}  // namespace toolboxd
