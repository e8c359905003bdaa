// SPDX-License-Identifier: Apache-2.0

// What acts on the machine.

#ifndef TOOLBOXD_POWERD_POWER_BACKEND_H_
#define TOOLBOXD_POWERD_POWER_BACKEND_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/stop_signal.h"
#include "toolboxd/v1/power.pb.h"

namespace toolboxd {

// Halts or reboots: OK when the system has accepted that. Called once at most; destroyed without a
// call it does nothing.
using PowerAction = std::function<absl::Status()>;

// Runs hooks and changes the power state. The service calls one function at a time.
class PowerBackend {
 public:
  virtual ~PowerBackend() = default;

  // Runs the hooks of an event and returns when they have ended: OK if all of them succeeded
  // or there are none, otherwise an error whose message says what failed. Gives up with
  // CANCELLED when stop is set.
  virtual absl::Status RunHooks(v1::PowerEvent event, const StopSignal& stop) = 0;

  // Makes ready what powers off (HALT) or reboots. The host hears of a success before it is called,
  // so whatever can be known to fail fails here. NOT_SUPPORTED for events without HasPowerAction.
  virtual absl::StatusOr<PowerAction> Prepare(v1::PowerEvent event) = 0;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_POWER_BACKEND_H_
