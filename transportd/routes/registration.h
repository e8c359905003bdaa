// SPDX-License-Identifier: Apache-2.0

// The commands by which the host registers the guest: reset, ping, Capabilities_Register.

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_REGISTRATION_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_REGISTRATION_H_

#include <cstdint>
#include <functional>

#include "transportd/routes/router.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// 0x7fffffff: tools that the platform does not manage; vSphere shows guestToolsUnmanaged.
constexpr uint32_t kToolsVersion = 2147483647;

// Calls around the registration, on the channel's thread. Any may be null.
struct RegistrationEvents {
  // The host has started again and forgotten what it knew. Called before the answer, so that the
  // host gets what is sent here, the addresses, at once and not a poll later.
  std::function<void()> on_reset;
  // The capabilities were sent. `accepted`: whether the host accepted the version, without which
  // the guest does not count as running tools. Guest information can follow.
  std::function<void(bool accepted)> on_registered;
};

// Sends version and capabilities (docs/protocol/guest-info.md 3.1). What the host refuses is
// logged, and the rest is sent. Returns whether the host accepted the version; an error status if
// it could not be sent.
absl::StatusOr<bool> RegisterCapabilities(const RpciSend& send);

// Adds the three commands. Capabilities_Register is answered with "OK " even if sending failed.
void AddRegistrationRoutes(Router& router, RpciSend send, RegistrationEvents events);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_REGISTRATION_H_
