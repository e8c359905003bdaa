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

  pollfd ends[] = {{watch.get(), POLLRDHUP, 0}, {signals.get(), POLLIN, 0}};
  int timeout_ms = static_cast<int>(absl::ToInt64Milliseconds(options.trim_after));
  absl::Status status;
  for (int ready; (ready = poll(ends, 2, timeout_ms)) <= 0;) {
    if (ready < 0 && errno != EINTR) {
      status = ErrnoError(errno, "poll");
      break;
    }
    if (ready == 0) {
      TrimStartupMemory();
      timeout_ms = -1;
    }
  }
  if (options.on_stop) options.on_stop();
  ShutDownServer(options.shutdown_grace, &health, server.get());
  return status;
}

}  // namespace toolboxd
