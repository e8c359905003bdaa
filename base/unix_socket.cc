// SPDX-License-Identifier: Apache-2.0

#include "base/unix_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/steady_time.h"

namespace toolboxd {
namespace {

absl::Status Unavailable(const std::string& what, int error) {
  return absl::UnavailableError(ErrnoError(error, what).message());
}

}  // namespace

absl::StatusOr<int> ConnectUnixSocket(const std::string& path, absl::Time deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(absl::StrCat("socket path too long: ", path));
  }
  path.copy(address.sun_path, path.size());

  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Unavailable("socket", errno);
  // A full backlog makes connect wait; SO_SNDTIMEO is what bounds it.
  const absl::Duration left = std::max(deadline - SteadyNow(), absl::Milliseconds(1));
  timeval limit = absl::ToTimeval(std::min(left, absl::Hours(1)));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    if (error == EAGAIN) return absl::DeadlineExceededError(absl::StrCat(path, ": busy"));
    return Unavailable(path, error);
  }
  limit = {};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return fd;
}

}  // namespace toolboxd
