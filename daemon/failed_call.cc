// SPDX-License-Identifier: Apache-2.0

#include "daemon/failed_call.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace toolboxd {
namespace {

constexpr absl::string_view kInstalledDir = "/run/toolboxd";

absl::Status Failure(const absl::Status& status, absl::string_view message,
                     absl::string_view advice) {
  return absl::Status(status.code(), absl::StrCat(message, "; ", advice));
}

}  // namespace

CalledService ToolboxdService(absl::string_view name, const std::string& socket,
                              absl::string_view unit) {
  const std::string dir = socket.substr(0, socket.rfind('/'));
  if (dir == kInstalledDir) {
    return {
        .name = std::string(name),
        .socket = socket,
        .start = absl::StrCat("start it with 'systemctl start ", unit, "'"),
        .access =
            "run this as root, or add the user to group toolboxd "
            "('usermod -a -G toolboxd USER', then log in again)",
        .look = absl::StrCat("see 'systemctl status ", unit, "' and 'journalctl -u ", unit, "'")};
  }
  return {.name = std::string(name),
          .socket = socket,
          .start = absl::StrCat("start it with 'deploy/run --runtime_dir=", dir, "'"),
          .access = "run this as root or as the user of deploy/run",
          .look = "see the output of deploy/run"};
}

int ConnectError(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  socket.copy(address.sun_path, socket.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) return errno;
  const int result = connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  return result == 0 ? 0 : errno;
}

absl::Status ExplainFailedCall(const absl::Status& status, const CalledService& service,
                               int connect_error) {
  const std::string& socket = service.socket;
  if (absl::IsDeadlineExceeded(status)) {
    return Failure(status, absl::StrCat(service.name, " did not answer in time at ", socket),
                   service.look);
  }
  if (!absl::IsUnavailable(status)) return status;
  switch (connect_error) {
    case 0:
      break;
    case ENOENT:
      return Failure(status,
                     absl::StrCat(service.name, " does not run: there is no socket ", socket),
                     service.start);
    case ECONNREFUSED:
      return Failure(status,
                     absl::StrCat(service.name, " does not run: no process listens at ", socket),
                     service.start);
    case EACCES:
    case EPERM:
      return Failure(
          absl::PermissionDeniedError(""),
          ErrnoError(connect_error, absl::StrCat("cannot connect to ", socket)).message(),
          service.access);
    case EAGAIN:
      return Failure(status, absl::StrCat(service.name, " accepts no connection at ", socket),
                     service.look);
    default:
      return Failure(
          status, ErrnoError(connect_error, absl::StrCat("cannot connect to ", socket)).message(),
          service.look);
  }
  // FromGrpc: gRPC could not connect where connect(2) can: the service closed the connection at
  // once.
  if (absl::StartsWith(status.message(), "cannot connect to ")) {
    return Failure(
        status,
        absl::StrCat(service.name, " closed the connection at ", socket,
                     ": it does not admit this user, or no more connections of theirs, or is "
                     "ending"),
        absl::StrCat(service.access, ", or ", service.look));
  }
  return Failure(status, absl::StrCat(service.name, " at ", socket, ": ", status.message()),
                 service.look);
}

absl::Status ExplainFailedCall(const absl::Status& status, const CalledService& service) {
  if (!absl::IsUnavailable(status)) return ExplainFailedCall(status, service, 0);
  return ExplainFailedCall(status, service, ConnectError(service.socket));
}

}  // namespace toolboxd
