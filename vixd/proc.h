// SPDX-License-Identifier: Apache-2.0

// The machine's processes, from /proc.

#ifndef TOOLBOXD_VIXD_PROC_H_
#define TOOLBOXD_VIXD_PROC_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace toolboxd::vixd {

struct ProcessInfo {
  pid_t pid = 0;
  // Base name of the first argument, or the kernel's name where there are no arguments.
  std::string name;
  // Arguments joined by spaces, at most 8 KiB.
  std::string command_line;
  uid_t owner = 0;
  // Seconds since 1970.
  int64_t start_time = 0;
};

// Sorted. Processes come and go: each may be gone when it is read.
std::vector<pid_t> ListProcessIds();

std::optional<ProcessInfo> ReadProcess(pid_t pid);

// Names of users, asked for once each. Not thread-safe.
class UserNames {
 public:
  // The number where there is no name.
  const std::string& Get(uid_t uid);

 private:
  std::map<uid_t, std::string> names_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROC_H_
