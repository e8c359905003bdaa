// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/small_file.h"

namespace toolboxd::vmxsim {
namespace {

// PIDFD_THREAD, which Debian's headers do not have yet.
constexpr unsigned kPidfdThread = O_EXCL;

std::string StatusField(pid_t tid, absl::string_view name) {
  const std::string text = ReadSmallFileOrEmpty(absl::StrCat("/proc/", tid, "/status"), 8192);
  const std::string label = absl::StrCat("\n", name, ":\t");
  const size_t at = text.find(label);
  if (at == std::string::npos) return "";
  const size_t begin = at + label.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

int OpenPidfd(pid_t tid) {
  int fd = static_cast<int>(syscall(SYS_pidfd_open, tid, kPidfdThread));
  if (fd >= 0) return fd;
  fd = static_cast<int>(syscall(SYS_pidfd_open, tid, 0));
  if (fd >= 0) return fd;
  // Before Linux 6.9 only a process has one, whose descriptors its threads share.
  const std::string process = StatusField(tid, "Tgid");
  return static_cast<int>(syscall(SYS_pidfd_open, atoi(process.c_str()), 0));
}

}  // namespace

bool HasCapability(pid_t tid, int capability) {
  return strtoull(StatusField(tid, "CapEff").c_str(), nullptr, 16) >> capability & 1;
}

bool IsInOwnUserNamespace(pid_t tid) {
  struct stat own;
  struct stat other;
  return stat("/proc/self/ns/user", &own) == 0 &&
         stat(absl::StrCat("/proc/", tid, "/ns/user").c_str(), &other) == 0 &&
         own.st_ino == other.st_ino;
}

UniqueFd DuplicateDescriptor(pid_t tid, int fd) {
  const UniqueFd process(OpenPidfd(tid));
  if (!process.ok()) return UniqueFd();
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
}

}  // namespace toolboxd::vmxsim
