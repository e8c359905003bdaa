// SPDX-License-Identifier: Apache-2.0

// deployd's main function, for its own program and for the multi-call program.

#ifndef TOOLBOXD_DEPLOYD_DEPLOYD_H_
#define TOOLBOXD_DEPLOYD_DEPLOYD_H_

namespace toolboxd {

// deployd as a program. Returns the exit status (daemon/README.md).
int DeploydMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_DEPLOYD_DEPLOYD_H_
