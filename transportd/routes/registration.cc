// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/registration.h"

#include <array>
#include <utility>

#include "base/log.h"

namespace toolboxd {
namespace {

// kToolsVersion.
constexpr absl::string_view kVersion = "tools.set.version 2147483647";

// Early hosts expect a space where there is no argument (docs/protocol/rpc.md 2.1).
constexpr std::array<absl::string_view, 4> kCapabilities = {
    // The host may send OS_Halt and the other power commands,
    "tools.capability.statechange ",
    // and again when the first one failed.
    "tools.capability.softpowerop_retry ",
    // File transfer, over the channel named "toolbox".
    "tools.capability.hgfs_server toolbox 1",
    // A snapshot's disks may have names of NVMe controllers.
    "tools.capability.features 36=1",
};

}  // namespace

absl::StatusOr<bool> RegisterCapabilities(const RpciSend& send) {
  const absl::StatusOr<RpciReply> version = send(kVersion);
  if (!version.ok()) return version.status();
  if (!version->success) {
    LogLimited("host refuses version", "the host refuses '", kVersion, "': ", version->data);
  }
  for (const absl::string_view capability : kCapabilities) {
    const absl::StatusOr<RpciReply> reply = send(capability);
    if (!reply.ok()) return reply.status();
    if (!reply->success) {
      LogLimited("host refuses capability", "the host refuses '", capability, "': ", reply->data);
    }
  }
  return version->success;
}

void AddRegistrationRoutes(Router& router, RpciSend send, RegistrationEvents events) {
  router.Add(
      "ping", [](absl::string_view) { return TcloReply::Ok(); }, Pace::kHeartbeat);
  router.Add("reset", [on_reset = std::move(events.on_reset)](absl::string_view) {
    if (on_reset) on_reset();
    return TcloReply::Ok("ATR toolbox");
  });
  router.Add("Capabilities_Register", [send = std::move(send),
                                       on_registered =
                                           std::move(events.on_registered)](absl::string_view) {
    const absl::StatusOr<bool> accepted = RegisterCapabilities(send);
    if (!accepted.ok()) {
      LogLimited("registration",
                 "the capabilities could not be sent to the host: ", accepted.status().message());
    }
    if (on_registered) on_registered(accepted.ok() && *accepted);
    return TcloReply::Ok();
  });
}

}  // namespace toolboxd
