// SPDX-License-Identifier: Apache-2.0

// The command line of toolboxd, as a program of its own and as part of the multi-call program.

#ifndef TOOLBOXD_TOOLBOXCTL_TOOLBOXCTL_H_
#define TOOLBOXD_TOOLBOXCTL_TOOLBOXCTL_H_

namespace toolboxd {

// Returns the exit status (toolboxctl/output.h).
int ToolboxctlMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TOOLBOXCTL_H_
