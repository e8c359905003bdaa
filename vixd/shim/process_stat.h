// SPDX-License-Identifier: Apache-2.0

// Distinguishes a process from a later one with the same id.

#ifndef TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_
#define TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_

#include <sys/types.h>

#include <cstdint>

namespace toolboxd::vixd {

// The start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); 0 if there
// is no such process.
uint64_t StartTicks(pid_t pid);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_
