// SPDX-License-Identifier: Apache-2.0

#include "vixd/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/process_stat.h"
#include "base/small_file.h"
#include "base/unique_fd.h"

namespace toolboxd::vixd {
namespace {

constexpr size_t kMaxCommandLine = 8 * 1024;

// When the machine started, in seconds since 1970; 0 if it is unknown.
int64_t BootTime() {
  for (const absl::string_view line :
       absl::StrSplit(ReadSmallFileOrEmpty("/proc/stat", 1 << 20), '\n')) {
    int64_t seconds;
    if (line.substr(0, 6) == "btime " && absl::SimpleAtoi(line.substr(6), &seconds)) {
      return seconds;
    }
  }
  return 0;
}

// The start of a file of a process: one read(2) returns all that fits.
std::string ReadOnce(const std::string& path) {
  char text[kMaxCommandLine];
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.ok() ? read(file.get(), text, sizeof text) : -1;
  return std::string(text, std::max<ssize_t>(size, 0));
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::vector<pid_t> ListProcessIds() {
  std::vector<pid_t> pids;
  DIR* list = opendir("/proc");
  if (list == nullptr) return pids;
  while (const dirent* entry = readdir(list)) {
    int pid;
    if (absl::SimpleAtoi(entry->d_name, &pid)) pids.push_back(pid);
  }
  closedir(list);
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::optional<ProcessInfo> ReadProcessFacts(pid_t pid) {
  static const int64_t boot_time = BootTime();
  static const int64_t ticks_per_second = sysconf(_SC_CLK_TCK);
  const std::string proc = absl::StrCat("/proc/", pid);
  struct stat info;
  const ProcessStat found = ReadProcessStat(pid);
  const uint64_t ticks = found.start_ticks;
  if (ticks == 0 || stat(proc.c_str(), &info) != 0) return std::nullopt;

  ProcessInfo process;
  process.pid = pid;
  process.is_kernel_thread = found.is_kernel_thread;
  // The folder itself belongs to the effective user, even where files in it are root's: those of a
  // process that others may not look into (vixd, hgfsd, a set-user-ID program).
  process.owner = found.is_kernel_thread ? 0 : info.st_uid;
  process.start_time = boot_time + static_cast<int64_t>(ticks) / ticks_per_second;
  return process;
}

void ReadArguments(ProcessInfo& process) {
  std::string arguments = ReadOnce(absl::StrCat("/proc/", process.pid, "/cmdline"));
  process.name = BaseName(arguments.substr(0, arguments.find('\0')));
  // A kernel thread or a zombie.
  if (process.name.empty()) return UseKernelName(process);
  while (!arguments.empty() && arguments.back() == '\0') arguments.pop_back();
  std::replace(arguments.begin(), arguments.end(), '\0', ' ');
  process.command_line = std::move(arguments);
}

void UseKernelName(ProcessInfo& process) {
  process.name = ReadOnce(absl::StrCat("/proc/", process.pid, "/comm"));
  if (!process.name.empty()) process.name.pop_back();
  process.command_line = process.name;
}

}  // namespace toolboxd::vixd
