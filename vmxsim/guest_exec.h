// SPDX-License-Identifier: Apache-2.0

// Runs a command inside a running guest: its namespaces, its restrictions, traced like the rest.

#ifndef TOOLBOXD_VMXSIM_GUEST_EXEC_H_
#define TOOLBOXD_VMXSIM_GUEST_EXEC_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vmxsim/client.h"

namespace toolboxd::vmxsim {

// The command begins in this process's working directory if the guest has it, else in "/".
// Returns the command's exit code (128 + N for signal N; 126 and 127 as a shell). Needs root.
absl::StatusOr<int> ExecuteInGuest(Client& client, const std::vector<std::string>& command);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_EXEC_H_
