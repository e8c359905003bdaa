// SPDX-License-Identifier: Apache-2.0

// Whether the policy lets a local user have a service without the host (toolboxctl connect).

#ifndef TOOLBOXD_TRANSPORTD_POLICY_LOGIN_CHECK_H_
#define TOOLBOXD_TRANSPORTD_POLICY_LOGIN_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "transportd/policy/policy_store.h"

namespace toolboxd {

// What goes through such a connection is not looked at by transportd. So a policy that refuses any
// operation, or lists programs, refuses the connection; otherwise its users decide.
absl::Status CheckLogin(const PolicyStore& policy, const std::string& user);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_LOGIN_CHECK_H_
