// SPDX-License-Identifier: Apache-2.0

// Snapshots of this machine: the freezer freezes, systemd runs the scripts.

#ifndef TOOLBOXD_SNAPSHOTD_SYSTEM_BACKEND_H_
#define TOOLBOXD_SNAPSHOTD_SYSTEM_BACKEND_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "snapshotd/freezer_client.h"
#include "snapshotd/plan.h"
#include "snapshotd/scripts.h"
#include "snapshotd/snapshot_backend.h"
#include "toolboxd/v1/quiesce.pb.h"
#include "toolboxd/v1/snapshot.pb.h"

namespace toolboxd::snapshotd {

struct SystemOptions {
  std::string freezer_socket = "/run/toolboxd/freezer.sock";
  std::string manifest = "/run/toolboxd/snapshot/quiesce_manifest.xml";
  // The scripts' options, except time_limit, which the settings have.
  ScriptOptions scripts;
  // How long the freezer keeps everything frozen without a sign of life.
  absl::Duration hold = absl::Seconds(10);
};

// What would be frozen now. Connects to the freezer, which alone sees the machine's mount table.
absl::StatusOr<Plan> PlanOfThisMachine(const SystemOptions& options,
                                       const v1::SnapshotSettings& settings);

// Scripts and file systems of this machine, for one snapshot.
class SystemBackend final : public SnapshotBackend {
 public:
  SystemBackend(SystemOptions options, v1::SnapshotSettings settings, v1::QuiesceStart start);
  absl::Status RunScripts(ScriptEvent event, const StopSignal& stop) override;
  absl::StatusOr<v1::QuiesceUpdate::FileSystemsFrozen> Freeze(const StopSignal& stop) override;
  absl::Status Hold() override;
  absl::StatusOr<v1::QuiesceUpdate::FileSystemsThawed> Thaw() override;
  absl::StatusOr<std::string> WriteManifest() override;
  // Scripts that have not been called back by then are left to RecoverScripts().
  void Finish(const StopSignal& stop) override;

 private:
  // Opens everything that is to be frozen.
  absl::Status Prepare();
  // Does so from one reading of the mount table; ABORTED if another reading may find more.
  absl::Status Open();
  // Writes to the journal, once a snapshot, what is not frozen although it could be.
  void LogLeftOut(const MountTable& table, const Plan& plan);
  // Opens the mount of the target, or one of the alternatives. ABORTED if none is at its path. A
  // file system that the kernel cannot freeze is left out.
  absl::Status Add(const Target& target);
  absl::Status SyncOnly(const StopSignal& stop) const;

  const SystemOptions options_;
  const v1::SnapshotSettings settings_;
  const v1::QuiesceStart start_;
  // Open from Freeze() to Thaw().
  std::optional<FreezerClient> freezer_;
  // In the order of the freeze.
  std::vector<v1::FrozenFileSystem> frozen_;
  // Whether scripts could not be called after the snapshot.
  bool owes_scripts_ = false;
  // What the kernel cannot freeze, and why.
  std::vector<std::string> left_out_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_SYSTEM_BACKEND_H_
