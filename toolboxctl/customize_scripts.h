// SPDX-License-Identifier: Apache-2.0

// Runs the administrator's scripts of a customization, as root and without a sandbox: the program
// of toolboxd-customize-hook.service (docs/protocol/customization.md 9.6).

#ifndef TOOLBOXD_TOOLBOXCTL_CUSTOMIZE_SCRIPTS_H_
#define TOOLBOXD_TOOLBOXCTL_CUSTOMIZE_SCRIPTS_H_

#include <string>

#include "absl/status/status.h"
#include "daemon/stop_signal.h"
#include "deployd/script_request.h"
#include "deployd/settings.h"

namespace toolboxd {

struct CustomizeScriptOptions {
  std::string folder = deployd::kScriptFolder;
  // deployd's, in a folder of its own. No link is followed.
  std::string request = deployd::kScriptRequestFile;
  // Where the administrator permits them; without the file there are none.
  std::string settings = deployd::kSettingsFile;
  // In a folder of root's that deployd may read.
  std::string outcome = deployd::kScriptOutcomeFile;
};

// Takes the request, which is removed, and runs the scripts of the folder in the order of their
// names, each with the request's JSON on standard input, up to the first failure and within the
// request's time. Writes the outcome, and returns it. PERMISSION_DENIED, and none is run, if others
// than root could change one; FAILED_PRECONDITION if the settings do not permit it. Without a valid
// request nothing is run, and no outcome is written. `stop` ends the script that runs.
absl::Status RunCustomizeScripts(const CustomizeScriptOptions& options, const StopSignal& stop);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_CUSTOMIZE_SCRIPTS_H_
