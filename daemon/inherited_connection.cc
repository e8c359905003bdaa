// SPDX-License-Identifier: Apache-2.0

#include "daemon/inherited_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "grpcpp/server_posix.h"

namespace toolboxd {
namespace {

absl::Status CheckConnection(int fd) {
  int type = 0;
  socklen_t type_size = sizeof(type);
  sockaddr_un peer = {};
  socklen_t peer_size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_STREAM ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0 ||
      peer.sun_family != AF_UNIX) {
    return absl::InvalidArgumentError(
        absl::StrCat("descriptor ", fd,
                     " is not a connected Unix socket: session starts this program, with the "
                     "caller's connection"));
  }
  return absl::OkStatus();
}

UniqueFd EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(signalfd(-1, &set, SFD_CLOEXEC));
}

// Until the connection or one of the signals ends the service; returns unused memory meanwhile.
absl::Status AwaitEnd(int connection, int signals, const InheritedConnectionOptions& options) {
  absl::Duration left = options.trim_after;
  for (;;) {
    // Once memory is trimmed, the next message begins the next interval. gRPC reads the messages,
    // so within an interval they would only wake this thread for nothing.
    const bool trimmed = left == absl::InfiniteDuration();
    const short messages = trimmed ? POLLIN : 0;
    pollfd ends[] = {{connection, static_cast<short>(POLLRDHUP | messages), 0},
                     {signals, POLLIN, 0}};
    const int timeout_ms = trimmed ? -1 : static_cast<int>(absl::ToInt64Milliseconds(left));
    const int ready = poll(ends, 2, timeout_ms);
    if (ready < 0 && errno != EINTR) return ErrnoError(errno, "poll");
    if (ready < 0) continue;
    if (ready == 0) {
      TrimStartupMemory();
      left = absl::InfiniteDuration();
    } else if (ends[1].revents != 0 || (ends[0].revents & ~POLLIN) != 0) {
      return absl::OkStatus();
    } else {
      left = options.trim_interval;
    }
  }
}

}  // namespace

absl::Status ServeInheritedConnection(const InheritedConnectionOptions& options) {
  absl::Status checked = CheckConnection(options.fd);
  if (!checked.ok()) return checked;
  UniqueFd connection(options.fd);
  UniqueFd signals = EndSignals();
  if (!signals.ok()) return ErrnoError(errno, "signalfd");
  // gRPC does not report that the connection ended; the duplicate shows it.
  UniqueFd watch(fcntl(connection.get(), F_DUPFD_CLOEXEC, 3));
  if (!watch.ok()) return ErrnoError(errno, "F_DUPFD_CLOEXEC");
  const int flags = fcntl(connection.get(), F_GETFL);
  if (flags < 0 || fcntl(connection.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(connection.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return ErrnoError(errno, "O_NONBLOCK");
  }

  HealthService health;
  grpc::ServerBuilder builder;
  ConfigureBuilder(options.limits, options.services, &health, &builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::InternalError("gRPC cannot start");
  grpc::AddInsecureChannelFromFd(server.get(), connection.release());

  const absl::Status status = AwaitEnd(watch.get(), signals.get(), options);
  if (options.on_stop) options.on_stop();
  ShutDownServer(options.shutdown_grace, &health, server.get());
  return status;
}

}  // namespace toolboxd
