// SPDX-License-Identifier: Apache-2.0

// A client's connection to a Unix socket.

#ifndef TOOLBOXD_BASE_UNIX_SOCKET_H_
#define TOOLBOXD_BASE_UNIX_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace toolboxd {

// Connects to the stream socket at a path; the connection is blocking. Waits while the backlog is
// full, until the deadline by SteadyNow() (DEADLINE_EXCEEDED). UNAVAILABLE where no process
// listens. The caller owns the descriptor (close-on-exec).
absl::StatusOr<int> ConnectUnixSocket(const std::string& path, absl::Time deadline);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_UNIX_SOCKET_H_
