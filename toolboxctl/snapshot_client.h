// SPDX-License-Identifier: Apache-2.0

// SnapshotClient: snapshotd, for an administrator who tries what a backup will do.

#ifndef TOOLBOXD_TOOLBOXCTL_SNAPSHOT_CLIENT_H_
#define TOOLBOXD_TOOLBOXCTL_SNAPSHOT_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "toolboxd/v1/quiesce.grpc.pb.h"

namespace toolboxd {

struct TrialOptions {
  bool run_scripts = false;
  // How long everything stays frozen before it is thawed.
  absl::Duration hold;
  // A descriptor that becomes readable when the trial is to be aborted; each time it is read once,
  // at most 128 bytes. The second time the call is cancelled.
  int stop = -1;
  absl::Duration alive_interval = absl::Seconds(2);
};

struct TrialResult {
  // Whether all file systems were frozen and thawed again; the next field is then set.
  bool thawed = false;
  v1::QuiesceUpdate::FileSystemsThawed file_systems;
  std::vector<v1::QuiesceFailure> failures;
};

// Thread-safe. Errors are for people: which socket was tried, why it failed and what to do
// (daemon/failed_call.h).
class SnapshotClient {
 public:
  explicit SnapshotClient(std::string socket);

  absl::StatusOr<v1::QuiescePlan> GetPlan();

  // A whole snapshot without a host: freezes, holds, and thaws. Prints and opens nothing meanwhile,
  // because what it writes to may be frozen.
  absl::StatusOr<TrialResult> Try(const TrialOptions& options);

 private:
  // An error that a person can act on.
  absl::Status Explain(const absl::Status& status) const;

  const std::string socket_;
  const std::unique_ptr<v1::Quiesce::Stub> stub_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SNAPSHOT_CLIENT_H_
