// SPDX-License-Identifier: Apache-2.0

// The main function of hgfsd, for its own program and for the one that holds all programs.

#ifndef TOOLBOXD_HGFSD_HGFSD_H_
#define TOOLBOXD_HGFSD_HGFSD_H_

namespace toolboxd {

// Returns the exit status.
int HgfsdMain(int argc, char** argv);

}  // namespace toolboxd

#endif  // TOOLBOXD_HGFSD_HGFSD_H_
