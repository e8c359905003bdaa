// SPDX-License-Identifier: Apache-2.0

// powerd's main function, for its own program and for the multi-call program.

#ifndef TOOLBOXD_POWERD_POWERD_H_
#define TOOLBOXD_POWERD_POWERD_H_

namespace toolboxd {

// Returns the exit status (daemon/README.md).
int PowerdMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_POWERD_H_
