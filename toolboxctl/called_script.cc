// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/called_script.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/small_file.h"
#include "base/unique_fd.h"

namespace toolboxd {
namespace {

constexpr int kTermToKillMs = 2000;
// Long enough for a script's path and its interpreter.
constexpr size_t kMaxCommandLine = 16 * 1024;

bool IsOf(uid_t owner, pid_t process) {
  struct stat info;
  return stat(absl::StrCat("/proc/", process).c_str(), &info) == 0 && info.st_uid == owner;
}

bool IsCalledAs(pid_t process, const std::string& script, absl::string_view event) {
  if (getpgid(process) != process) return false;
  const std::string text =
      ReadSmallFileOrEmpty(absl::StrCat("/proc/", process, "/cmdline"), kMaxCommandLine);
  const std::vector<absl::string_view> words = absl::StrSplit(text, '\0');
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == script && words[i + 1] == event) return true;
  }
  return false;
}

std::vector<pid_t> Processes() {
  std::vector<pid_t> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  while (const dirent* entry = proc == nullptr ? nullptr : readdir(proc.get())) {
    int process = 0;
    if (absl::SimpleAtoi(entry->d_name, &process)) processes.push_back(process);
  }
  return processes;
}

// `end` is readable when the leader has ended.
void EndGroup(pid_t leader, const UniqueFd& end) {
  pollfd item = {end.get(), POLLIN, 0};
  kill(-leader, SIGTERM);
  // One that was stopped would not end.
  kill(-leader, SIGCONT);
  if (poll(&item, 1, kTermToKillMs) != 0) return;
  kill(-leader, SIGKILL);
  poll(&item, 1, kTermToKillMs);
}

}  // namespace

int EndCalledScript(const std::string& script, absl::string_view event, uid_t owner) {
  int count = 0;
  for (const pid_t process : Processes()) {
    // First: the number may be another process's before its group is ended.
    const UniqueFd end(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
    if (!end.ok() || !IsOf(owner, process) || !IsCalledAs(process, script, event)) continue;
    pollfd item = {end.get(), POLLIN, 0};
    if (poll(&item, 1, 0) != 0) continue;
    EndGroup(process, end);
    ++count;
  }
  return count;
}

}  // namespace toolboxd
