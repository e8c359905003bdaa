// SPDX-License-Identifier: Apache-2.0

// vmxsim's client verbs: everything but `run`.

#ifndef TOOLBOXD_VMXSIM_VERBS_H_
#define TOOLBOXD_VMXSIM_VERBS_H_

#include <string>
#include <vector>

namespace toolboxd::vmxsim {

// One line for each verb, `run` included.
std::string VerbHelp();

// Runs a verb; `words` is the command line after it. Exit codes: 0, 1 the call failed, 2 wrong use;
// `exec`: the command's own.
int ClientVerb(const std::string& name, const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_VERBS_H_
