// SPDX-License-Identifier: Apache-2.0

// What a snapshot does to the machine; tests have a substitute.

#ifndef TOOLBOXD_SNAPSHOTD_SNAPSHOT_BACKEND_H_
#define TOOLBOXD_SNAPSHOTD_SNAPSHOT_BACKEND_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/stop_signal.h"
#include "snapshotd/script_event.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd::snapshotd {

// Serves one snapshot, one call at a time, from any thread; each call returns when it is done.
class SnapshotBackend {
 public:
  virtual ~SnapshotBackend() = default;

  // Runs the administrator's scripts. UNAVAILABLE if they cannot be started; another error names
  // what failed. `stop` ends them.
  virtual absl::Status RunScripts(ScriptEvent event, const StopSignal& stop) = 0;

  // Freezes all file systems, or none: after an error nothing is frozen. `stop` ends the freeze, at
  // the latest when the kernel has frozen the file system that it is working on.
  virtual absl::StatusOr<v1::QuiesceUpdate::FileSystemsFrozen> Freeze(const StopSignal& stop) = 0;

  // A sign of life while frozen, at least every kHoldInterval. An error means that nothing is
  // frozen any more.
  virtual absl::Status Hold() = 0;

  // Thaws everything. An error if something was not frozen any more, or could not be thawed.
  virtual absl::StatusOr<v1::QuiesceUpdate::FileSystemsThawed> Thaw() = 0;

  // Writes the manifest and returns its path.
  virtual absl::StatusOr<std::string> WriteManifest() = 0;

  // The snapshot is over. Scripts that could not be called back are called as soon as that is
  // possible, or until `stop` is set.
  virtual void Finish(const StopSignal& stop) = 0;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_SNAPSHOT_BACKEND_H_
