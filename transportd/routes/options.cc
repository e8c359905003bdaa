// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/options.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/log.h"

namespace toolboxd {
namespace {

TcloReply Broadcast(const OptionHandlers& handlers, bool on) {
  const absl::Status status = handlers.broadcast_ip(on);
  if (status.ok()) return TcloReply::Ok();
  return TcloReply::Error(absl::IsFailedPrecondition(status) ? "The address was refused"
                                                             : "The address could not be sent");
}

bool IsTimeOption(absl::string_view name) {
  return name == "synctime" || name == "synctime.period" ||
         absl::StartsWith(name, "time.synchronize.");
}

TcloReply SetOption(absl::string_view arguments, const OptionHandlers& handlers) {
  const absl::StatusOr<Option> option = ParseOption(arguments);
  if (!option.ok()) {
    LogLimited("Set_Option", "the host sent a malformed Set_Option, which was refused: ",
               option.status().message());
    return TcloReply::Error("Unknown or invalid option");
  }
  const bool on = option->value == "1";
  const bool boolean = on || option->value == "0";
  if (option->name == "broadcastIP") {
    if (boolean) return Broadcast(handlers, on);
  } else if (absl::StartsWith(option->name, "toolScripts.")) {
    if (boolean) handlers.tool_scripts(option->name, on);
  } else if (IsTimeOption(option->name)) {
    handlers.time(option->name, option->value);
  }
  return TcloReply::Ok();
}

}  // namespace

absl::StatusOr<Option> ParseOption(absl::string_view arguments) {
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  const size_t space = arguments.find(' ');
  if (space == absl::string_view::npos)
    return absl::InvalidArgumentError("an option without a value");
  const Option option = {arguments.substr(0, space), arguments.substr(space + 1)};
  if (option.name.empty()) return absl::InvalidArgumentError("an option without a name");
  if (option.value.empty()) return absl::InvalidArgumentError("an option with an empty value");
  return option;
}

void AddOptionRoutes(Router& router, OptionHandlers handlers) {
  router.Add("Set_Option", [handlers = std::move(handlers)](absl::string_view arguments) {
    return SetOption(arguments, handlers);
  });
}

}  // namespace toolboxd
