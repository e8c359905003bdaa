// SPDX-License-Identifier: Apache-2.0

// Distinguishes a process from a later one with the same id.

#ifndef TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_
#define TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_

#include <sys/types.h>

#include <cstdint>

namespace toolboxd::vixd {

struct ProcessStat {
  // Clock ticks since boot (field 22 of /proc/PID/stat); 0 if there is no such process.
  uint64_t start_ticks = 0;
  // A thread of the kernel: root's, and without a program.
  bool is_kernel_thread = false;
};

// Of the content of /proc/PID/stat, which is never null.
ProcessStat ParseProcessStat(const char* text);
ProcessStat ReadProcessStat(pid_t pid);

// ReadProcessStat(pid).start_ticks.
uint64_t StartTicks(pid_t pid);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_PROCESS_STAT_H_
