// SPDX-License-Identifier: Apache-2.0

// What a person reads when a call to a service did not get through: which service, why, and what
// to do, in place of gRPC's words.

#ifndef TOOLBOXD_DAEMON_FAILED_CALL_H_
#define TOOLBOXD_DAEMON_FAILED_CALL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

// A service as its caller knows it. The last three are clauses of a sentence without its end.
struct CalledService {
  // Subject of the messages, such as "toolboxd".
  std::string name;
  // Absolute path.
  std::string socket;
  // What starts it, such as "start it with 'systemctl start toolboxd-transportd'".
  std::string start;
  // Who may connect, and how to become one, such as "add the user to group toolboxd".
  std::string access;
  // Where its state can be seen, such as "see 'journalctl -u toolboxd-transportd'".
  std::string look;
};

// A service of toolboxd. A socket in /run/toolboxd is that of `unit`, such as
// "toolboxd-transportd"; any other is one of deploy/run, whose --runtime_dir is its directory.
CalledService ToolboxdService(absl::string_view name, const std::string& socket,
                              absl::string_view unit);

// The errno of connecting to a socket; 0 if a process accepts, which then sees a connection that
// ends at once. Does not block.
int ConnectError(const std::string& socket);

// Turns `status`, the outcome of a call, into a status for people; `connect_error` is that of the
// service's socket. PermissionDenied if the socket is closed to the caller, else the code of
// `status`. Statuses other than Unavailable and DeadlineExceeded are the service's own and are
// returned as they are. Pure.
absl::Status ExplainFailedCall(const absl::Status& status, const CalledService& service,
                               int connect_error);

// The same, with the socket's ConnectError.
absl::Status ExplainFailedCall(const absl::Status& status, const CalledService& service);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_FAILED_CALL_H_
