// SPDX-License-Identifier: Apache-2.0

// Router: finds the handler of a TCLO command.

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_ROUTER_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_ROUTER_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "transportd/rpc/poll_policy.h"
#include "transportd/rpc/tclo_reply.h"

namespace toolboxd {

// Answers one command. `arguments` is what follows the name and one space, with the final NUL
// if the host sent one. Runs on the channel's thread: no other request, `ping` included, is
// answered meanwhile, so a handler returns within a time limit well under the host's patience.
using TcloHandler = std::function<TcloReply(absl::string_view arguments)>;

// Not thread-safe: everything happens on the channel's thread.
class Router {
 public:
  // The last handler added for a command wins. `pace` becomes that of its replies.
  void Add(absl::string_view command, TcloHandler handler, Pace pace = Pace::kOrdinary);

  // Asked before the handlers, so that commands can come and go while the router is in use. Returns
  // std::nullopt for a command that is not its own.
  using Override = std::function<std::optional<TcloReply>(absl::string_view command,
                                                          absl::string_view arguments)>;
  void SetOverride(Override override_handler) { override_ = std::move(override_handler); }

  // The reply to one request, as received. An unknown command is "ERROR Unknown Command".
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
