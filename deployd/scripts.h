// SPDX-License-Identifier: Apache-2.0

// The administrator's scripts for machines without cloud-init, which root runs in a unit
// (docs/protocol/customization.md 9.6). Needs no D-Bus: a path unit waits for the request.

#ifndef TOOLBOXD_DEPLOYD_SCRIPTS_H_
#define TOOLBOXD_DEPLOYD_SCRIPTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/stop_signal.h"
#include "deployd/script_request.h"

namespace toolboxd::deployd {

struct ScriptPlaces {
  std::string folder = kScriptFolder;
  // The request's path, in a folder of our own.
  std::string request = kScriptRequestFile;
  std::string outcome = kScriptOutcomeFile;
  // How long the unit may take to start, which early in a boot is after basic.target, and to report
  // after its scripts' time.
  absl::Duration start_limit = absl::Seconds(120);
  absl::Duration interval = absl::Milliseconds(100);
};

// Whether there may be a script. A folder that cannot be read counts as one with scripts.
bool HasScripts(const std::string& folder);

// Has the unit run the scripts with this JSON, and waits for their end. UNAVAILABLE if the unit
// does not start; UNKNOWN with the script that failed; DEADLINE_EXCEEDED after the limit;
// CANCELLED when `stop` is set. The request, which has secrets, is gone afterwards.
absl::Status RunScripts(const ScriptPlaces& places, absl::string_view json, absl::Duration limit,
                        const StopSignal& stop);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_SCRIPTS_H_
