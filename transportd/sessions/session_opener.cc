// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_opener.h"

#include <utility>

namespace toolboxd {

absl::string_view SessionServiceName(SessionService service) {
  return service == SessionService::kHgfsd ? "hgfsd" : "vixd";
}

SessionOpener SocketOpener(std::string hgfsd_socket, std::string vixd_socket) {
  SessionOpener opener;
  opener.connect = [hgfsd = std::move(hgfsd_socket), vixd = std::move(vixd_socket)](
                       SessionService service, absl::Time deadline) {
    return session::ConnectSession(service == SessionService::kHgfsd ? hgfsd : vixd, deadline);
  };
  opener.await_greeting = [](int connection, absl::Time deadline) -> absl::StatusOr<UniqueFd> {
    absl::StatusOr<UniqueFd> process = session::AwaitGreeting(connection, deadline);
    // Its place could not be counted.
    if (process.ok() && !process->ok()) {
      return absl::UnavailableError("the kernel does not say which process session is");
    }
    return process;
  };
  opener.request = [](int connection, SessionService service, bool verify, absl::string_view user,
                      absl::string_view password, absl::Time deadline) {
    return session::RequestSession(connection, verify ? "verify" : SessionServiceName(service),
                                   user, password, deadline);
  };
  return opener;
}

}  // namespace toolboxd
