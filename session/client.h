// SPDX-License-Identifier: Apache-2.0

// Opens a session: called by transportd and toolboxctl.

#ifndef TOOLBOXD_SESSION_CLIENT_H_
#define TOOLBOXD_SESSION_CLIENT_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"

namespace toolboxd::session {

// Opens a blocking connection to the Unix socket at `socket_path`, without using it yet: session
// may wait for its request for minutes, so a spare one can be kept. The caller owns the descriptor
// (close-on-exec). UNAVAILABLE where no process listens.
absl::StatusOr<int> ConnectSession(const std::string& socket_path, absl::Time deadline);

// The user that PAM settled on: the name is the user database's, which may differ from the one in
// the request.
struct SessionUser {
  uid_t uid = 0;
  std::string name;
};

// Waits until session runs and greets this caller, and returns a handle of session's process
// (base/process_handle.h); no descriptor where the kernel does not report which process greets (a
// connection that is not ConnectSession()'s, or another pid namespace). UNAVAILABLE where the
// connection ended, INTERNAL for a session of another version, DEADLINE_EXCEEDED.
absl::StatusOr<UniqueFd> AwaitGreeting(int connection, absl::Time deadline);

// Sends the request on a greeted connection and waits for the reply. `service` is "hgfsd",
// "vixd" or "verify" (session/handshake.h). After success the next byte on `connection` is the
// service's gRPC, or its end for "verify". Does not close `connection`; after an error it
// cannot be used again.
//
//   UNAUTHENTICATED      unknown user or wrong password
//   PERMISSION_DENIED    the account is locked, expired or not admitted
//   INVALID_ARGUMENT     unknown service, or the strings do not fit a request
//   FAILED_PRECONDITION  session serves only the user that started it
//   INTERNAL             session could not start the service
//   UNAVAILABLE          the connection ended before the reply
//   DEADLINE_EXCEEDED
absl::StatusOr<SessionUser> RequestSession(int connection, absl::string_view service,
                                           absl::string_view user, absl::string_view password,
                                           absl::Time deadline);

// Takes all three steps. The caller owns the descriptor.
absl::StatusOr<int> OpenSession(const std::string& socket_path, absl::string_view service,
                                absl::string_view user, absl::string_view password,
                                absl::Time deadline);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_CLIENT_H_
