// SPDX-License-Identifier: Apache-2.0

// Power without systemd, as root: for development, and for systems with another init. Under systemd
// toolboxd-power-hook@.service runs its hooks (toolboxctl power-scripts).

#ifndef TOOLBOXD_POWERD_DIRECT_BACKEND_H_
#define TOOLBOXD_POWERD_DIRECT_BACKEND_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "powerd/power_backend.h"

namespace toolboxd {

struct DirectOptions {
  // Hooks are the executable files in HOOK_DIR/EVENT.
  std::string hook_dir = "/etc/toolboxd/power.d";
  // For all hooks of an event together.
  absl::Duration hook_timeout = absl::Seconds(60);
  // Called with "-h now" or "-r now".
  std::string shutdown_command = "/sbin/shutdown";
};

// Runs hooks as run-parts(8) does, which not every system has: in the order of their names, only
// names of letters, digits, "_" and "-", all of them even after one failed. A hook that a user
// other than root and this process's own could have written is not run and counts as failed.
// TOOLBOXD_POWER_EVENT holds the event's name. The process of the shutdown command exists as soon
// as it is prepared.
class DirectBackend final : public PowerBackend {
 public:
  explicit DirectBackend(DirectOptions options) : options_(std::move(options)) {}

  absl::Status RunHooks(v1::PowerEvent event, const StopSignal& stop) override;
  absl::StatusOr<PowerAction> Prepare(v1::PowerEvent event) override;

 private:
  const DirectOptions options_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_DIRECT_BACKEND_H_
