// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/router.h"

namespace toolboxd {

void Router::Add(absl::string_view command, TcloHandler handler, Pace pace) {
  routes_[std::string(command)] = {std::move(handler), pace};
}

TcloReply Router::Dispatch(absl::string_view request) const {
  // The name ends at a space, or at the NUL that some hosts send.
  const size_t end = request.find_first_of(absl::string_view(" \0", 2));
  const absl::string_view name = request.substr(0, end);
  absl::string_view arguments = end == absl::string_view::npos ? "" : request.substr(end);
  if (!arguments.empty() && arguments.front() == ' ') arguments.remove_prefix(1);
  if (override_ != nullptr) {
    std::optional<TcloReply> reply = override_(name, arguments);
    if (reply.has_value()) return *std::move(reply);
  }
  const auto route = routes_.find(name);
  if (route == routes_.end()) return TcloReply::Error("Unknown Command");
  TcloReply reply = route->second.handler(arguments);
  reply.pace = route->second.pace;
  return reply;
}

}  // namespace toolboxd
