// SPDX-License-Identifier: Apache-2.0

// Why the policy permits or refuses an operation, for people.

#ifndef TOOLBOXD_TRANSPORTD_POLICY_POLICY_CHECK_H_
#define TOOLBOXD_TRANSPORTD_POLICY_POLICY_CHECK_H_

#include "absl/status/statusor.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/policy/policy_store.h"

namespace toolboxd {

// The decision is the store's own, as for a guest operation; the entry that decides and its line in
// the file are looked for afterwards. INVALID_ARGUMENT for an operation that does not exist, and
// without a user. May wait for the machine's user database. Thread-safe for a store that no thread
// changes.
absl::StatusOr<v1::CheckPolicyReply> ExplainPolicy(const PolicyStore& store,
                                                   const v1::CheckPolicyRequest& request);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_POLICY_CHECK_H_
