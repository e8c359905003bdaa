// SPDX-License-Identifier: Apache-2.0

// Serving one connection that the process was started with.

#ifndef TOOLBOXD_DAEMON_INHERITED_CONNECTION_H_
#define TOOLBOXD_DAEMON_INHERITED_CONNECTION_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/server_builder.h"

namespace toolboxd {

struct InheritedConnectionOptions {
  // The connected Unix stream socket; session leaves it at 3.
  int fd = 3;
  std::vector<NamedService> services;
  ServerLimits limits;
  // Memory that only start-up needs is returned after this time.
  absl::Duration trim_after = absl::Seconds(1);
  // Memory that calls needed is returned this long after the first of them. Without one nothing
  // wakes up.
  absl::Duration trim_interval = absl::Seconds(10);
  // How long calls may still run after the caller has left or SIGTERM has come.
  absl::Duration shutdown_grace = absl::Milliseconds(500);
  // Called first when serving ends: ends streams that do not end by themselves.
  std::function<void()> on_stop;
};

// Serves gRPC, with reflection and health, until the other side closes the connection or
// SIGTERM or SIGINT comes; owns fd from then on. Does not check who the caller is: the program that
// passed the connection has done so. InvalidArgument if fd is not a connected Unix stream socket.
// Call it before threads start; the two signals are blocked afterwards.
absl::Status ServeInheritedConnection(const InheritedConnectionOptions& options);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_INHERITED_CONNECTION_H_
