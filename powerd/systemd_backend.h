// SPDX-License-Identifier: Apache-2.0

// Power through systemd and logind: needs neither root nor exec, only the polkit rule of
// deploy/polkit.

#ifndef TOOLBOXD_POWERD_SYSTEMD_BACKEND_H_
#define TOOLBOXD_POWERD_SYSTEMD_BACKEND_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "powerd/power_backend.h"

namespace toolboxd {

struct SystemdOptions {
  // How long to wait for the hook unit, whose own limit should be a little shorter.
  absl::Duration hook_timeout = absl::Seconds(65);
  // Has a folder of scripts for each event, which the unit runs.
  std::string script_dir = "/etc/toolboxd/power.d";
  // How long systemd and logind may take to answer a call.
  absl::Duration call_timeout = absl::Seconds(10);
};

// Hooks run in the root unit toolboxd-power-hook@EVENT.service, which this starts and waits
// for; where there is no such unit there are no hooks. If polkit does not permit the unit, as one
// before 0.106 cannot, an event without scripts needs none: OK. logind powers the machine off and
// reboots it; polkit must permit that without a password, and logind is asked beforehand whether it
// does. A connection to the bus exists only while a call runs.
class SystemdBackend final : public PowerBackend {
 public:
  explicit SystemdBackend(SystemdOptions options) : options_(std::move(options)) {}

  absl::Status RunHooks(v1::PowerEvent event, const StopSignal& stop) override;
  absl::StatusOr<PowerAction> Prepare(v1::PowerEvent event) override;

 private:
  const SystemdOptions options_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_SYSTEMD_BACKEND_H_
