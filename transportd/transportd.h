// SPDX-License-Identifier: Apache-2.0

// transportd's main function, for the separate program and for the multi-call program.

#ifndef TOOLBOXD_TRANSPORTD_TRANSPORTD_H_
#define TOOLBOXD_TRANSPORTD_TRANSPORTD_H_

namespace toolboxd {

// Runs until SIGTERM. Returns the exit status: 0, also outside VMware; 1 if another transportd runs
// or the control socket cannot be served; 2 or 64 for a wrong command line.
int TransportdMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TRANSPORTD_H_
