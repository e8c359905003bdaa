// SPDX-License-Identifier: Apache-2.0

// How full a file system is, by the path of its mount point.

#ifndef TOOLBOXD_STATFS_MEASURE_H_
#define TOOLBOXD_STATFS_MEASURE_H_

#include "statfs/protocol.h"

namespace toolboxd::statfs {

// Follows no link, and opens nothing for reading. Says nothing of a path but the size of the file
// system that is mounted there: everything else is ENOENT. May wait as long as looking up the path
// does. Thread-safe.
Reply Measure(const Request& request);

}  // namespace toolboxd::statfs

#endif  // TOOLBOXD_STATFS_MEASURE_H_
