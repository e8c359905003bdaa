// SPDX-License-Identifier: Apache-2.0

// clockd's main function, for its own program and for the multi-call program.

#ifndef TOOLBOXD_CLOCKD_CLOCKD_H_
#define TOOLBOXD_CLOCKD_CLOCKD_H_

namespace toolboxd {

// Returns the exit status (daemon/README.md).
int ClockdMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_CLOCKD_CLOCKD_H_
