// SPDX-License-Identifier: Apache-2.0

// A fuzz target of scripts: what it defines. The rest is in script_target.cc, libFuzzer's functions
// among it.

#ifndef TOOLBOXD_TESTS_FUZZ_SCRIPT_TARGET_H_
#define TOOLBOXD_TESTS_FUZZ_SCRIPT_TARGET_H_

#include "tests/fuzz/script.h"

namespace toolboxd::fuzz {

// The same in every call.
const Grammar& TargetGrammar();
// Aborts where something is wrong.
void RunScript(const Script& script);

}  // namespace toolboxd::fuzz

#endif  // TOOLBOXD_TESTS_FUZZ_SCRIPT_TARGET_H_
