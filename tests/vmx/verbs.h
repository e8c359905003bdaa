// vmxsim's client verbs: everything but `run`.

#ifndef TOOLBOXD_TESTS_VMX_VERBS_H_
#define TOOLBOXD_TESTS_VMX_VERBS_H_

#include <string>
#include <vector>

namespace toolboxd::vmx {

// One line for each verb, `run` included.
std::string VerbHelp();

// Runs a verb; `words` is the command line after it. Exit codes: 0, 1 the call failed, 2 wrong use;
// `exec`: the command's own.
int ClientVerb(const std::string& name, const std::vector<std::string>& words);

}  // namespace toolboxd::vmx

#endif  // TOOLBOXD_TESTS_VMX_VERBS_H_
