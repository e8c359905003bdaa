// SPDX-License-Identifier: Apache-2.0

// The administrator's scripts around a snapshot, which root runs in a unit
// (docs/protocol/snapshot.md 8.8).

#ifndef TOOLBOXD_SNAPSHOTD_SCRIPTS_H_
#define TOOLBOXD_SNAPSHOTD_SCRIPTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/stop_signal.h"
#include "snapshotd/script_event.h"

namespace toolboxd::snapshotd {

struct ScriptOptions {
  // Folders and files; where all of them are empty or missing, no unit is started.
  std::vector<std::string> places = {"/etc/toolboxd/snapshot.d",
                                     "/etc/vmware-tools/backupScripts.d",
                                     "/usr/sbin/pre-freeze-script", "/usr/sbin/post-thaw-script"};
  // Where the unit reads the scripts' second argument.
  std::string argument_file = "/run/toolboxd/snapshot/argument";
  // The limit for all scripts of one event together, and for how long systemd may be out of reach
  // before scripts after a snapshot are given up.
  absl::Duration time_limit = absl::Seconds(60);
  // Between two attempts to reach systemd.
  absl::Duration retry = absl::Milliseconds(500);
};

// Whether there may be a script. A folder that cannot be read counts as one with scripts.
bool HasScripts(const std::vector<std::string>& places);

// Starts toolboxd-snapshot-hook@EVENT.service and waits for its end. UNAVAILABLE if it cannot be
// started; for kFreeze PERMISSION_DENIED if polkit does not permit it, and then nothing is owed;
// another error if a script failed. After the time limit, and when `stop` is set, the unit
// is stopped, which ends the script that runs.
//
// kThaw and kFreezeFail give services back what kFreeze took, so they are tried again: where
// systemd cannot be reached, for options.time_limit; and where the unit failed, since it may have
// died, kFreezeFail runs for the scripts that were not called, kMaxCallbacks times at most. The
// first error is returned; UNAVAILABLE if scripts are still owed. Thread-safe.
inline constexpr int kMaxCallbacks = 4;
absl::Status RunScripts(const ScriptOptions& options, ScriptEvent event, absl::string_view argument,
                        const StopSignal& stop);

// Records that the snapshot is over and that no script has to be called back any more.
void EndScripts(const ScriptOptions& options);

// Finishes what an earlier process left, or a snapshot without EndScripts(): if a snapshot's
// scripts had begun and its end was not reached, those that still run are stopped, and `freezeFail`
// runs, so that no service stays as `freeze` left it. Waits for that, like RunScripts().
void RecoverScripts(const ScriptOptions& options, const StopSignal& stop);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_SCRIPTS_H_
