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
  // What calls get to finish after the caller is gone or SIGTERM.
  absl::Duration shutdown_grace = absl::Milliseconds(500);
  // Called first when serving ends: lets streams that never end by themselves end.
  std::function<void()> on_stop;
};

// Serves gRPC, with reflection and health, until the other side closes the connection or
// SIGTERM or SIGINT comes; owns fd from then on. Whoever made the connection has said who the
// caller is: nothing is checked here. InvalidArgument if fd is no connected Unix stream
// socket. Before threads start; the two signals are blocked afterwards.
absl::Status ServeInheritedConnection(const InheritedConnectionOptions& options);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_INHERITED_CONNECTION_H_
