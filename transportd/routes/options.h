// Set_Option: settings that the host passes to the guest (protocol.md 2.3, 3.2).

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

// Begins or stops telling the host the guest's address. FailedPrecondition if the host
// refuses it; another error if it could not be asked.
using BroadcastIp = std::function<absl::Status(bool on)>;

// Adds Set_Option. broadcastIP is carried out; the other options that vmtoolsd knows are
// accepted, since what they switch is not there; unknown ones and malformed values are
// answered with an error, as by vmtoolsd.
void AddOptionRoutes(Router& router, BroadcastIp broadcast_ip);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_OPTIONS_H_
