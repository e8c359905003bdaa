// SPDX-License-Identifier: Apache-2.0

// What tells one process from a later one with the same id.

#ifndef TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_
#define TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_

#include <sys/types.h>

#include <cstdint>

namespace toolboxd::vixd {

// When the process started, in clock ticks since boot; 0 where there is none.
uint64_t StartTicks(pid_t pid);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_
