// SPDX-License-Identifier: Apache-2.0

// The commands with which a host takes notice of the guest: reset, ping, Capabilities_Register.

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_REGISTRATION_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_REGISTRATION_H_

#include <functional>

#include "transportd/routes/router.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// What happens around the registration. All on the channel's thread, all optional.
struct RegistrationEvents {
  // The host begins anew: it has forgotten what it knew. Called before the answer, so that
  // what is sent here, the addresses, is known to the host at once and not a poll later.
  std::function<void()> on_reset;
  // The capabilities were sent; `accepted` tells whether the host took the version, without
  // which the guest does not count as running tools. What else the host should know follows.
  std::function<void(bool accepted)> on_registered;
};

// Sends version and capabilities (docs/protocol/guest-info.md 3.1). What the host refuses is
// logged; it is the host's business. True if it accepted the version. An error status if it could
// not be asked.
absl::StatusOr<bool> RegisterCapabilities(const RpciSend& send);

// Adds the three commands. Registration succeeds towards the host even if sending failed.
void AddRegistrationRoutes(Router& router, RpciSend send, RegistrationEvents events);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_REGISTRATION_H_
