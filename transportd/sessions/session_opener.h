// SPDX-License-Identifier: Apache-2.0

// How connections to users' processes are made.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_OPENER_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_OPENER_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "session/client.h"

namespace toolboxd {

// What a session's process serves.
enum class SessionService { kHgfsd = 0, kVixd = 1 };
constexpr int kSessionServices = 2;

// "hgfsd", "vixd".
absl::string_view SessionServiceName(SessionService service);

// The three steps of session/client.h. All may wait; thread-safe.
struct SessionOpener {
  // A connection that waits for its request. The caller owns the descriptor.
  std::function<absl::StatusOr<int>(SessionService service, absl::Time deadline)> connect;
  // Waits until the process runs that will get the request, and returns a descriptor that is
  // readable when that process has ended; none in tests that do not count processes.
  std::function<absl::StatusOr<UniqueFd>(int connection, absl::Time deadline)> await_greeting;
  // Sends the request and waits for its answer; `verify` asks PAM and starts nothing.
  // UNAUTHENTICATED and PERMISSION_DENIED are refusals of the user.
  std::function<absl::StatusOr<session::SessionUser>(
      int connection, SessionService service, bool verify, absl::string_view user,
      absl::string_view password, absl::Time deadline)>
      request;
};

// The opener for session's sockets.
SessionOpener SocketOpener(std::string hgfsd_socket, std::string vixd_socket);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_OPENER_H_
