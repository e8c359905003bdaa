// SPDX-License-Identifier: Apache-2.0

// The program, around any kernel.

#ifndef TOOLBOXD_FREEZER_FREEZER_H_
#define TOOLBOXD_FREEZER_FREEZER_H_

#include "freezer/kernel.h"

namespace toolboxd::freezer {

// What main does. Returns the exit status: 0, 1 for a failure, 2 for a wrong command line.
int RunFreezer(int argc, char** argv, Kernel& kernel);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_FREEZER_H_
