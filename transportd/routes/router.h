// SPDX-License-Identifier: Apache-2.0

// Router: TCLO command names to their handlers.

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_ROUTER_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_ROUTER_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "transportd/rpc/poll_policy.h"

namespace toolboxd {

// One answer to one TCLO request: "OK " or "ERROR " and the data (docs/protocol/rpc.md 2.2).
struct TcloReply {
  bool ok = false;
  // Raw bytes; may contain NULs.
  std::string data;
  // Set by Router: what the command says about the ones to come.
  Pace pace = Pace::kOrdinary;
  // Work that the reply need not wait for (TcloAnswer); may be null.
  std::function<void()> behind;

  static TcloReply Ok(std::string data = "") {
    return {true, std::move(data), Pace::kOrdinary, nullptr};
  }
  static TcloReply Error(std::string text) {
    return {false, std::move(text), Pace::kOrdinary, nullptr};
  }
  // The bytes that are sent to the host.
  std::string Encode() const;
};

// Answers one command. `arguments` is what follows the name and one space, a final NUL
// included if the host sent one. Runs on the channel's thread; while it runs no other
// request, `ping` included, is answered, so it keeps to a deadline well under the host's
// patience.
using TcloHandler = std::function<TcloReply(absl::string_view arguments)>;

// Not thread-safe: everything happens on the channel's thread.
class Router {
 public:
  // The last handler added for a command wins. A guest operation is followed by brief, close
  // polling.
  void Add(absl::string_view command, TcloHandler handler, Pace pace = Pace::kOrdinary);

  // Asked before the handlers, so that commands can be added and taken back while the router
  // is in use; nothing for a command that is not its own.
  using Override = std::function<absl::optional<TcloReply>(absl::string_view command,
                                                           absl::string_view arguments)>;
  void SetOverride(Override override_handler) { override_ = std::move(override_handler); }

  // The reply to one request as received. An unknown command is "ERROR Unknown Command".
  TcloReply Dispatch(absl::string_view request) const;

 private:
  struct Route {
    TcloHandler handler;
    Pace pace;
  };

  absl::flat_hash_map<std::string, Route> routes_;
  Override override_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_ROUTER_H_
