// SPDX-License-Identifier: Apache-2.0

#include "session/confinement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "base/process_handle.h"
#include "base/process_stat.h"
#include "base/small_file.h"
#include "base/unique_fd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace toolboxd::session {
namespace {

constexpr size_t kMaxStatus = 16 * 1024;

// All but the two that are for children only.
constexpr const char* kNamespaces[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};

std::string Proc(pid_t process, const std::string& file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

// The value of "NAME:\tVALUE" in the text of a status file.
std::optional<unsigned long long> Field(const std::string& status, const char* name, int base) {
  const std::string line = "\n" + std::string(name) + ":\t";
  const size_t at = status.find(line);
  if (at == std::string::npos) return std::nullopt;
  return strtoull(status.c_str() + at + line.size(), nullptr, base);
}

// What process 1 may and the caller may not, by their status files.
std::string CompareStatus(const std::string& caller, const std::string& init) {
  const auto number = [](const std::string& status, const char* name) {
    return Field(status, name, 10).value_or(0);
  };
  if (!Field(caller, "NoNewPrivs", 10).has_value()) return "it cannot be looked at";
  if (number(caller, "NoNewPrivs") > number(init, "NoNewPrivs")) return "no_new_privs";
  if (number(caller, "Seccomp") > number(init, "Seccomp") ||
      number(caller, "Seccomp_filters") > number(init, "Seccomp_filters")) {
    return "a filter of system calls";
  }
  const unsigned long long lost =
      Field(init, "CapBnd", 16).value_or(~0ULL) & ~Field(caller, "CapBnd", 16).value_or(0);
  return lost == 0 ? "" : "a bounding set of capabilities";
}

bool IsSameFile(const std::string& one, const std::string& other) {
  struct stat first, second;
  return stat(one.c_str(), &first) == 0 && stat(other.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

std::string CompareNamespaces(pid_t process) {
  for (const char* name : kNamespaces) {
    const std::string file = std::string("ns/") + name;
    if (!IsSameFile(Proc(process, file), Proc(1, file))) {
      return std::string("a namespace of its own (") + name + ")";
    }
  }
  return IsSameFile(Proc(process, "root"), Proc(1, "root")) ? "" : "a root directory of its own";
}

// The process number of a pidfd; 0 where it has ended or is not of this process's namespace.
pid_t ProcessOf(int pidfd) {
  const std::string info =
      ReadSmallFileOrEmpty("/proc/self/fdinfo/" + std::to_string(pidfd), kMaxStatus);
  const size_t at = info.find("\nPid:\t");
  const long process = at == std::string::npos ? 0 : strtol(info.c_str() + at + 6, nullptr, 10);
  return process > 0 ? static_cast<pid_t>(process) : 0;
}

std::string Look(int handle, pid_t process, unsigned long long since) {
  const unsigned long long start = StartTicks(process);
  std::string found;
  if (start == 0 || (since != 0 && start > since)) found = "it has ended";
  if (found.empty()) {
    found = CompareStatus(ReadSmallFileOrEmpty(Proc(process, "status"), kMaxStatus),
                          ReadSmallFileOrEmpty(Proc(1, "status"), kMaxStatus));
  }
  if (found.empty()) found = CompareNamespaces(process);
  // Last: until here the number was that process's.
  if (found.empty() && HasProcessEnded(handle)) found = "it has ended";
  return found;
}

}  // namespace

std::string FindConfinementOfProcess(pid_t process, unsigned long long since) {
  const UniqueFd handle = OpenProcess(process);
  if (!handle.ok()) return errno == ESRCH ? "it has ended" : strerror(errno);
  return Look(handle.get(), process, since);
}

std::string FindConfinement(int connection) {
  int fd = -1;
  socklen_t size = sizeof fd;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0) {
    const UniqueFd pidfd(fd);
    const pid_t process = ProcessOf(pidfd.get());
    return process == 0 ? "it has ended" : Look(pidfd.get(), process, 0);
  }
  if (errno != ENOPROTOOPT) return errno == ESRCH ? "it has ended" : strerror(errno);
  ucred peer;
  size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return strerror(errno);
  return FindConfinementOfProcess(peer.pid, StartTicks(getpid()));
}

}  // namespace toolboxd::session
