// SPDX-License-Identifier: Apache-2.0

#include "daemon/listen_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace toolboxd {
namespace {

constexpr int kFirstFd = 3;
// Many more than any unit of toolboxd has.
constexpr int kMaxFds = 64;

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

absl::StatusOr<std::vector<InheritedSocket>> TakeListenFds() {
  const std::string count_text = Variable("LISTEN_FDS");
  const std::string pid_text = Variable("LISTEN_PID");
  const std::string names_text = Variable("LISTEN_FDNAMES");
  std::vector<InheritedSocket> sockets;
  if (count_text.empty() || pid_text.empty()) return sockets;

  int pid = 0;
  if (!absl::SimpleAtoi(pid_text, &pid)) {
    return absl::InvalidArgumentError(absl::StrCat("LISTEN_PID is not a number: ", pid_text));
  }
  if (pid != getpid()) return sockets;
  int count = 0;
  if (!absl::SimpleAtoi(count_text, &count) || count < 0 || count > kMaxFds) {
    return absl::InvalidArgumentError(
        absl::StrCat("LISTEN_FDS is not a number from 0 to ", kMaxFds, ": ", count_text));
  }
  unsetenv("LISTEN_FDS");
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDNAMES");

  const std::vector<std::string> names = absl::StrSplit(names_text, ':');
  for (int i = 0; i < count; ++i) {
    const int fd = kFirstFd + i;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("LISTEN_FDS is ", count, ", but descriptor ", fd, " is not open"));
    }
    sockets.push_back({fd, static_cast<size_t>(i) < names.size() ? names[i] : ""});
  }
  return sockets;
}

}  // namespace toolboxd
