// SPDX-License-Identifier: Apache-2.0

// OS_Halt, OS_Reboot, OS_PowerOn, OS_Resume, OS_Suspend (docs/protocol/power.md 7).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_POWER_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_POWER_H_

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "transportd/routes/router.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// The numbers are the host's.
enum class PowerState { kHalt = 1, kReboot = 2, kPowerOn = 3, kResume = 4, kSuspend = 5 };

// Called once, on the channel's thread, when the hooks of an event have ended. ABORTED if they
// failed, which the host may override; another error if the event cannot go on. Returns whether the
// event proceeds.
using HooksFinished = std::function<bool(const absl::Status& hooks)>;

// Starts an event, with its hooks or without. Returns when it has started, within about two
// seconds; FailedPrecondition if another event runs. After an error `finished` is not called.
using BeginPowerChange =
    std::function<absl::Status(PowerState state, bool hooks, HooksFinished finished)>;

// The order is vmtoolsd's: the hooks start, the host gets "OK ", the hooks end, the host gets the
// status, the event proceeds. Failed hooks stop the event, unless the host requests the same event
// again; an event that cannot go on fails each time. Must outlive the router. Not thread-safe.
class PowerRoutes {
 public:
  PowerRoutes(RpciSend send, BeginPowerChange begin);
  void AddTo(Router& router);

  // Switches the hooks of an event on or off for the host: "toolScripts.afterPowerOn",
  // ".beforePowerOff" (halt and reboot), ".afterResume" or ".beforeSuspend". They are on at first,
  // which the packages that install hooks expect. False for another name.
  bool SetToolScripts(absl::string_view option, bool on);

 private:
  TcloReply Change(PowerState state);
  bool OnHooksFinished(PowerState state, const absl::Status& hooks);
  // With the numbers that the host uses.
  enum class Result { kFailed = 0, kSucceeded = 1 };
  void SendStatus(PowerState state, Result result);

  RpciSend send_;
  BeginPowerChange begin_;
  // Events whose hooks the host has switched off.
  std::set<PowerState> without_hooks_;
  // The event whose hooks run.
  std::optional<PowerState> running_;
  // The event whose hooks failed, if it was the last one.
  std::optional<PowerState> failed_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_POWER_H_
