// SPDX-License-Identifier: Apache-2.0

// Set_Option: settings that the host passes to the guest (docs/protocol/rpc.md 2.3,
// docs/protocol/guest-info.md 3.2).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_OPTIONS_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_OPTIONS_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transportd/routes/router.h"

namespace toolboxd {

struct Option {
  absl::string_view name;
  // May contain spaces.
  absl::string_view value;
};

// "name value", with or without a final NUL. InvalidArgument where one of both is missing.
// The views point into `arguments`.
absl::StatusOr<Option> ParseOption(absl::string_view arguments);

// What options switch.
struct OptionHandlers {
  // Begins or stops telling the host the guest's address. FailedPrecondition if the host
  // refuses it; another error if it could not be asked.
  std::function<absl::Status(bool on)> broadcast_ip;
  // Options whose names begin with "toolScripts."; false for one that is unknown.
  std::function<bool(absl::string_view option, bool on)> tool_scripts;
};

// Adds Set_Option. broadcastIP and toolScripts.* are carried out; the other options that
// vmtoolsd knows are accepted, since what they switch is not there; unknown ones and malformed
// values are answered with an error, as by vmtoolsd.
void AddOptionRoutes(Router& router, OptionHandlers handlers);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_OPTIONS_H_
