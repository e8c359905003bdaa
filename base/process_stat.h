// SPDX-License-Identifier: Apache-2.0

// What /proc/PID/stat says about a process (proc(5)): enough to distinguish it from a later one
// with the same number.

#ifndef TOOLBOXD_BASE_PROCESS_STAT_H_
#define TOOLBOXD_BASE_PROCESS_STAT_H_

#include <sys/types.h>

#include <cstdint>

namespace toolboxd {

// All 0 where there is no such process, or the text is not that of a process.
struct ProcessStat {
  pid_t process = 0;
  // Such as 'S'; 'Z' and 'X' have ended.
  char state = 0;
  // A kernel thread, which is root's and has no program.
  bool is_kernel_thread = false;
  // Clock ticks since boot.
  uint64_t start_ticks = 0;
};

// Parses the content of the stat file of a process or thread; `text` is never null. Fields that a
// cut text lacks are 0.
ProcessStat ParseProcessStat(const char* text);
ProcessStat ReadProcessStat(pid_t pid);

// ReadProcessStat(pid).start_ticks.
uint64_t StartTicks(pid_t pid);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_PROCESS_STAT_H_
