// SPDX-License-Identifier: Apache-2.0

// Which mount a descriptor is on. Without Abseil, and without allocation.

#ifndef TOOLBOXD_BASE_MOUNT_ID_H_
#define TOOLBOXD_BASE_MOUNT_ID_H_

#include <cstdint>

namespace toolboxd {

// The number of the mount in /proc/self/mountinfo; 0 where the kernel does not say it. `fd` may be
// O_PATH. Thread-safe.
uint32_t MountIdOf(int fd);

// The same, read from /proc/self/fdinfo, for kernels whose statx(2) does not report it (before
// Linux 5.8).
uint32_t MountIdByFdinfo(int fd);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_MOUNT_ID_H_
