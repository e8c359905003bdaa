// SPDX-License-Identifier: Apache-2.0

// Runs the administrator's scripts of a snapshot, as root and without a sandbox: the program of
// toolboxd-snapshot-hook@.service (docs/protocol/snapshot.md 8.8).

#ifndef TOOLBOXD_TOOLBOXCTL_SNAPSHOT_SCRIPTS_H_
#define TOOLBOXD_TOOLBOXCTL_SNAPSHOT_SCRIPTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/stop_signal.h"

namespace toolboxd {

struct SnapshotScriptOptions {
  // In this order before a snapshot, in the reverse order after it. A missing one has no scripts.
  std::vector<std::string> folders = {"/etc/toolboxd/snapshot.d",
                                      "/etc/vmware-tools/backupScripts.d"};
  // The last script before a snapshot, and the first one after it. The second one is called if
  // all that was to be called before the snapshot has succeeded.
  std::string last_before = "/usr/sbin/pre-freeze-script";
  std::string first_after = "/usr/sbin/post-thaw-script";
  // Written by snapshotd: the scripts' second argument. At most 256 bytes are read; no link is
  // followed.
  std::string argument_file = "/run/toolboxd/snapshot/argument";
  // Which scripts are to be called after the snapshot. In a folder of root's.
  std::string record = "/run/toolboxd-snapshot-hook/succeeded";
};

// "freeze": runs the scripts in order, up to the first failure, which is returned, and records
// those that were called and did not fail: one that still runs when this process dies, too. "thaw"
// and "freezeFail": runs those of the record in reverse order, all of them, and takes each off it
// when it has ended; the first failure is returned. So after a death, or a stop, another
// "freezeFail" calls the rest, and the one that still runs, or had been about to, once more: it is
// ended first. Without a record, "thaw" runs all scripts of the folders. Scripts are the executable
// regular files of the folders, by the order of their names' bytes; each is called with the event
// and, if it is not empty, the argument, and with TOOLBOXD_SNAPSHOT_EVENT and
// TOOLBOXD_SNAPSHOT_ARGUMENT. If others than root could change one (base/strict_modes.h), "freeze"
// runs none: PERMISSION_DENIED; afterwards that one is left out, and the others are called.
// INVALID_ARGUMENT for another event. `stop` ends the script that runs, with its process group, and
// runs no other one: CANCELLED. What a script has left in the background outside its group goes on:
// it may hold a database's lock until it is called back.
absl::Status RunSnapshotScripts(const SnapshotScriptOptions& options, absl::string_view event,
                                const StopSignal& stop);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SNAPSHOT_SCRIPTS_H_
