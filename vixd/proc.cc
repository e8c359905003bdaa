// SPDX-License-Identifier: Apache-2.0

#include "vixd/proc.h"

#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/process_stat.h"
#include "base/small_file.h"

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

// The user of a process whose folder in /proc belongs to `folder_owner`. The folder of one that
// other processes may not look into (vixd, hgfsd, a set-user-ID program) is root's.
uid_t OwnerOf(const std::string& proc, uid_t folder_owner) {
  if (folder_owner != 0) return folder_owner;
  const std::string status = ReadSmallFileOrEmpty(proc + "/status", 4096);
  const size_t at = status.find("\nUid:\t");
  if (at == std::string::npos) return folder_owner;
  // The real, the effective, the saved and the file system's.
  const std::vector<std::string> ids =
      absl::StrSplit(status.substr(at + 6, status.find('\n', at + 1) - at - 6), '\t');
  uint32_t effective = 0;
  return ids.size() > 1 && absl::SimpleAtoi(ids[1], &effective) ? effective : folder_owner;
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
  process.owner = found.is_kernel_thread ? 0 : OwnerOf(proc, info.st_uid);
  process.start_time = boot_time + static_cast<int64_t>(ticks) / ticks_per_second;
  return process;
}

void ReadArguments(ProcessInfo& process) {
  std::string arguments =
      ReadSmallFileOrEmpty(absl::StrCat("/proc/", process.pid, "/cmdline"), kMaxCommandLine);
  process.name = BaseName(arguments.substr(0, arguments.find('\0')));
  // A kernel thread or a zombie.
  if (process.name.empty()) return UseKernelName(process);
  while (!arguments.empty() && arguments.back() == '\0') arguments.pop_back();
  std::replace(arguments.begin(), arguments.end(), '\0', ' ');
  process.command_line = std::move(arguments);
}

void UseKernelName(ProcessInfo& process) {
  process.name = ReadSmallFileOrEmpty(absl::StrCat("/proc/", process.pid, "/comm"), 64);
  if (!process.name.empty()) process.name.pop_back();
  process.command_line = process.name;
}

const std::string& UserNames::Get(uid_t uid) {
  const auto [entry, is_new] = names_.try_emplace(uid);
  if (is_new) {
    char buffer[4096];
    passwd user;
    passwd* found = nullptr;
    getpwuid_r(uid, &user, buffer, sizeof buffer, &found);
    entry->second = found != nullptr ? found->pw_name : std::to_string(uid);
  }
  return entry->second;
}

}  // namespace toolboxd::vixd
