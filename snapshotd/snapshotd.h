// SPDX-License-Identifier: Apache-2.0

// snapshotd's main function, for its own program and for the multi-call program.

#ifndef TOOLBOXD_SNAPSHOTD_SNAPSHOTD_H_
#define TOOLBOXD_SNAPSHOTD_SNAPSHOTD_H_

namespace toolboxd {

// snapshotd as a program. Returns the exit status (daemon/README.md).
int SnapshotdMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_SNAPSHOTD_SNAPSHOTD_H_
