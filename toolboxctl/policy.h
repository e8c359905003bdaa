// SPDX-License-Identifier: Apache-2.0

// toolboxctl policy check: what the policy says about an operation, and which line says so.

#ifndef TOOLBOXD_TOOLBOXCTL_POLICY_H_
#define TOOLBOXD_TOOLBOXCTL_POLICY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "toolboxctl/output.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Parses "check USER OPERATION [TARGET [ARGUMENTS]]"; several words of arguments become one text.
// InvalidArgument for other words.
absl::StatusOr<v1::CheckPolicyRequest> PolicyRequest(const std::vector<std::string>& words);

// What the policy says and the line that decides, for people.
std::string PolicyText(const v1::CheckPolicyReply& reply, const Terminal& terminal);

// The exit status; kExitRefused if the policy refuses it.
int PolicyMain(const std::vector<std::string>& words);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_POLICY_H_
