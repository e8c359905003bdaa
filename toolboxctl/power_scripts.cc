// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/power_scripts.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "powerd/power_event.h"

namespace toolboxd {

absl::Status RunPowerScripts(const DirectOptions& options, absl::string_view event,
                             const StopSignal& stop) {
  for (v1::PowerEvent known : {v1::POWER_ON, v1::HALT, v1::REBOOT, v1::SUSPEND, v1::RESUME}) {
    if (PowerEventName(known) == event) return DirectBackend(options).RunHooks(known, stop);
  }
  return MakeError(v1::INVALID_ARGUMENT, absl::StrCat("'", event, "' is not a power event"));
}

}  // namespace toolboxd
