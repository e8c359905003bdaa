// SPDX-License-Identifier: Apache-2.0

#include "base/close_on_exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace toolboxd {
namespace {

// The number that a name of /proc/self/fd is; -1 for "." and "..".
int ToDescriptor(const char* name) {
  char* end;
  const long number = strtol(name, &end, 10);
  return end == name || *end != '\0' ? -1 : static_cast<int>(number);
}

}  // namespace

bool CloseOnExecFromByProc(int first) {
  const UniqueFd folder(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok()) return false;
  // opendir(3) would allocate.
  alignas(dirent64) char names[4096];
  for (;;) {
    const long size = syscall(SYS_getdents64, folder.get(), names, sizeof names);
    if (size <= 0) return size == 0;
    for (long at = 0; at < size;) {
      const auto* const name = reinterpret_cast<const dirent64*>(names + at);
      at += name->d_reclen;
      const int fd = ToDescriptor(name->d_name);
      // EBADF: another thread has closed it.
      if (fd >= first && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 && errno != EBADF) return false;
    }
  }
}

bool CloseOnExecFrom(int first) {
  if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return true;
  // ENOSYS before Linux 5.9, EINVAL before 5.11, EPERM of a filter that is older than the call.
  return CloseOnExecFromByProc(first);
}

}  // namespace toolboxd
