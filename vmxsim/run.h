// SPDX-License-Identifier: Apache-2.0

// `vmxsim run`: a command and its descendants as if inside a VMware VM.

#ifndef TOOLBOXD_VMXSIM_RUN_H_
#define TOOLBOXD_VMXSIM_RUN_H_

#include <string>
#include <vector>

namespace toolboxd::vmxsim {

// `words` is the command line after "run". Returns the exit code: the command's own, or 125 when
// the guest cannot be set up, 126 and 127 when the command cannot be executed.
int RunVerb(const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_RUN_H_
