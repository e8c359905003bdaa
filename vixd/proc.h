// SPDX-License-Identifier: Apache-2.0

// The processes of the machine, read from /proc.

#ifndef TOOLBOXD_VIXD_PROC_H_
#define TOOLBOXD_VIXD_PROC_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace toolboxd::vixd {

struct ProcessInfo {
  pid_t pid = 0;
  // Base name of the first argument; the kernel's name of a process without arguments.
  std::string name;
  // Arguments joined by spaces, at most 8 KiB.
  std::string command_line;
  uid_t owner = 0;
  // Seconds since 1970.
  int64_t start_time = 0;
  // A thread of the kernel has no arguments.
  bool is_kernel_thread = false;
};

// All process ids, in ascending order. A process may have ended by the time it is read.
std::vector<pid_t> ListProcessIds();

// Reads all but the name and the command line, without waiting for anything. Empty if there is no
// such process, or it may not be seen.
std::optional<ProcessInfo> ReadProcessFacts(pid_t pid);
// Sets the name and the command line from the arguments. May wait for the process, or for its user
// (process_reader.h).
void ReadArguments(ProcessInfo& process);
// Sets both from the kernel's name, at most 15 bytes, without waiting for anything.
void UseKernelName(ProcessInfo& process);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROC_H_
