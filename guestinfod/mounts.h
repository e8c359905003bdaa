// SPDX-License-Identifier: Apache-2.0

// Which mounts are disks of the guest.

#ifndef TOOLBOXD_GUESTINFOD_MOUNTS_H_
#define TOOLBOXD_GUESTINFOD_MOUNTS_H_

#include <vector>

#include "base/mountinfo.h"

namespace toolboxd::guestinfod {

// One mount of each local file system on block devices, at most 255: that at "/", else the first of
// the table, so that a disk keeps its name whatever else is mounted. A mount over which another
// lies is left out. So is one below a network file system, FUSE or an automounter, since already
// looking it up may hang; an automounter counts only while nothing is mounted over it.
std::vector<Mount> SelectDisks(const std::vector<Mount>& mounts);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_MOUNTS_H_
