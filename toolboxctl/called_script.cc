// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/called_script.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/process_handle.h"
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

// `end` is a handle of the leader (base/process_handle.h).
void EndGroup(pid_t leader, const UniqueFd& end) {
  kill(-leader, SIGTERM);
  // One that was stopped would not end.
  kill(-leader, SIGCONT);
  if (AwaitProcessEnd(end.get(), kTermToKillMs)) return;
  kill(-leader, SIGKILL);
  AwaitProcessEnd(end.get(), kTermToKillMs);
}

}  // namespace

int EndCalledScript(const std::string& script, absl::string_view event, uid_t owner) {
  int count = 0;
  for (const pid_t process : Processes()) {
    // First: the number may be another process's before its group is ended.
    const UniqueFd end = OpenProcess(process);
    if (!end.ok() || !IsOf(owner, process) || !IsCalledAs(process, script, event)) continue;
    if (HasProcessEnded(end.get())) continue;
    EndGroup(process, end);
    ++count;
  }
  return count;
}

}  // namespace toolboxd
