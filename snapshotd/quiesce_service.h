// SPDX-License-Identifier: Apache-2.0

// toolboxd.v1.Quiesce.

#ifndef TOOLBOXD_SNAPSHOTD_QUIESCE_SERVICE_H_
#define TOOLBOXD_SNAPSHOTD_QUIESCE_SERVICE_H_

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "daemon/stop_signal.h"
#include "snapshotd/snapshot_backend.h"
#include "snapshotd/snapshot_run.h"
#include "toolboxd/v1/quiesce.grpc.pb.h"
#include "toolboxd/v1/snapshot.pb.h"

namespace toolboxd::snapshotd {

// What the service needs of the machine. All are called on the threads of calls.
struct QuiesceParts {
  // The administrator's settings, read again for each call, with every field set.
  std::function<absl::StatusOr<v1::SnapshotSettings>()> settings;
  // The back end of one snapshot. `start` has what the caller requests, completed by the settings.
  std::function<std::unique_ptr<SnapshotBackend>(const v1::SnapshotSettings&,
                                                 const v1::QuiesceStart& start)>
      backend;
  std::function<absl::StatusOr<v1::QuiescePlan>(const v1::SnapshotSettings&)> plan;
};

// One snapshot at a time, on the thread of its call. Thread-safe.
class QuiesceService final : public v1::Quiesce::Service {
 public:
  explicit QuiesceService(QuiesceParts parts, SnapshotTimes times = {})
      : parts_(std::move(parts)), times_(times) {}

  grpc::Status Run(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::QuiesceUpdate, v1::QuiesceRequest>* stream) override;
  grpc::Status GetPlan(grpc::ServerContext* context, const v1::GetPlanRequest* request,
                       v1::QuiescePlan* reply) override;

  // Whether a snapshot runs. It may run on without its caller, and after its `done` as long as
  // scripts are still to be called back.
  bool busy() const;
  // Ends the snapshot that runs, because the process ends.
  void Stop();

 private:
  using Stream = grpc::ServerReaderWriter<v1::QuiesceUpdate, v1::QuiesceRequest>;

  // Serves everything after the first message.
  void Serve(SnapshotRun& run, grpc::ServerContext* context, Stream* stream);
  // Makes the run the one that Stop() ends; false if another one is.
  bool Enter(SnapshotRun* run);
  void Leave();

  const QuiesceParts parts_;
  const SnapshotTimes times_;
  StopSignal stop_;
  mutable absl::Mutex mutex_;
  SnapshotRun* running_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_QUIESCE_SERVICE_H_
