// SPDX-License-Identifier: Apache-2.0

// Set_Option: settings that the host passes to the guest (docs/protocol/rpc.md 2.3,
// docs/protocol/guest-info.md 3.2, docs/protocol/time.md 10.2).

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

// Parses "name value", with or without a final NUL. InvalidArgument if either is missing.
// The views point into `arguments`.
absl::StatusOr<Option> ParseOption(absl::string_view arguments);

// Carry options out.
struct OptionHandlers {
  // Starts or stops sending the guest's address to the host. FailedPrecondition if the host refuses
  // it; another error if it could not be sent.
  std::function<absl::Status(bool on)> broadcast_ip;
  // An option whose name begins with "toolScripts."; false if it is unknown.
  std::function<bool(absl::string_view option, bool on)> tool_scripts;
  // An option about the clock: synctime, synctime.period, time.synchronize.*. The value may be
  // anything but empty.
  std::function<void(absl::string_view option, absl::string_view value)> time;
};

// Adds Set_Option. The options of OptionHandlers are carried out; all others, and values that an
// option cannot have, are accepted without effect, as by vmtoolsd 12.2. Only an option without a
// name or a value is answered with an error.
void AddOptionRoutes(Router& router, OptionHandlers handlers);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_OPTIONS_H_
