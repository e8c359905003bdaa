// SPDX-License-Identifier: Apache-2.0

// Runs the administrator's scripts of a power event, as root and without a sandbox: the program of
// toolboxd-power-hook@.service (docs/protocol/power.md 7.3).

#ifndef TOOLBOXD_TOOLBOXCTL_POWER_SCRIPTS_H_
#define TOOLBOXD_TOOLBOXCTL_POWER_SCRIPTS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/stop_signal.h"
#include "powerd/direct_backend.h"

namespace toolboxd {

// Runs the scripts of the event, which is "poweron", "halt", "reboot", "suspend" or "resume", as
// DirectBackend::RunHooks(). INVALID_ARGUMENT for another one. `stop` ends the script that runs:
// CANCELLED.
absl::Status RunPowerScripts(const DirectOptions& options, absl::string_view event,
                             const StopSignal& stop);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_POWER_SCRIPTS_H_
