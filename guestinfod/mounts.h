// SPDX-License-Identifier: Apache-2.0

// Which mounts are disks of the guest.

#ifndef TOOLBOXD_GUESTINFOD_MOUNTS_H_
#define TOOLBOXD_GUESTINFOD_MOUNTS_H_

#include <vector>

#include "base/mountinfo.h"

namespace toolboxd::guestinfod {

// One mount of each local file system on block devices, at most 255: a mount of its root
// rather than of a part, else the shortest path. A mount below a network file system, FUSE
// or an automounter is left out, since already looking it up may hang.
std::vector<Mount> SelectDisks(const std::vector<Mount>& mounts);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_MOUNTS_H_
