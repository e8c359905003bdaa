// SPDX-License-Identifier: Apache-2.0

#include "base/process_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/process_stat.h"

namespace toolboxd {
namespace {

constexpr int kLookEveryMs = 10;

bool IsFolder(int handle) {
  struct statfs status;
  return fstatfs(handle, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

// The number of a folder's process; 0 once it has ended, -1 where that cannot be seen, as without a
// free descriptor.
pid_t RunningProcessOf(int folder) {
  const UniqueFd file(openat(folder, "stat", O_RDONLY | O_CLOEXEC));
  char text[512];
  ssize_t size = -1;
  if (file.ok()) size = read(file.get(), text, sizeof text - 1);
  // The kernel's words for a process that has ended, before and after the open.
  if (size < 0) return errno == ESRCH || errno == ENOENT ? 0 : -1;
  text[size] = '\0';
  const ProcessStat stat = ParseProcessStat(text);
  if (stat.state == 0) return -1;
  return stat.state == 'Z' || stat.state == 'X' ? 0 : stat.process;
}

int64_t NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

UniqueFd OpenProcessFolder(pid_t process) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", process);
  UniqueFd folder(process > 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
  if (!folder.ok() && (process <= 0 || errno == ENOENT)) errno = ESRCH;
  return folder;
}

UniqueFd OpenProcess(pid_t process) {
  UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  // EPERM: of a filter of system calls that is older than the call.
  if (handle.ok() || (errno != ENOSYS && errno != EPERM)) return handle;
  return OpenProcessFolder(process);
}

bool HasProcessEnded(int handle) {
  if (IsFolder(handle)) return RunningProcessOf(handle) == 0;
  pollfd item{handle, POLLIN, 0};
  return handle < 0 || poll(&item, 1, 0) != 0;
}

int PollableOf(int handle) { return IsFolder(handle) ? -1 : handle; }

bool AwaitProcessEnd(int handle, int timeout_ms) {
  const int64_t end = NowMs() + timeout_ms;
  const int pidfd = PollableOf(handle);
  while (!HasProcessEnded(handle)) {
    const int64_t left = end - NowMs();
    if (left <= 0) return false;
    pollfd item{pidfd, POLLIN, 0};
    poll(&item, 1, static_cast<int>(pidfd < 0 ? std::min<int64_t>(left, kLookEveryMs) : left));
  }
  return true;
}

bool SignalProcessOf(int handle, int signal) {
  // A handle may be a folder too, from Linux 5.1 on.
  if (syscall(SYS_pidfd_send_signal, handle, signal, nullptr, 0) == 0) return true;
  if ((errno != ENOSYS && errno != EPERM) || !IsFolder(handle)) return false;
  const int error = errno;
  const pid_t process = RunningProcessOf(handle);
  // To kill(2), 0 and less are many processes; 1 is init.
  if (process > 1) return kill(process, signal) == 0;
  errno = process == 0 ? ESRCH : error;
  return false;
}

}  // namespace toolboxd
