// SPDX-License-Identifier: Apache-2.0

// The main function of vixd, for its own program and for the one that holds all programs.

#ifndef TOOLBOXD_VIXD_VIXD_H_
#define TOOLBOXD_VIXD_VIXD_H_

namespace toolboxd {

// Returns the exit status, when the connection at descriptor 3 has ended.
int VixdMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_VIXD_VIXD_H_
