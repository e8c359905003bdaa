// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/quiesce_service.h"

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/status.h"
#include "daemon/grpc_status.h"

namespace toolboxd::snapshotd {
namespace {

// docs/protocol/snapshot.md 8.4.
constexpr size_t kMaxScriptArgument = 256;

// How long a caller that has `done` may take to end its messages.
constexpr absl::Duration kFarewell = absl::Seconds(2);

// What the caller leaves open is as the settings say.
void Complete(const v1::SnapshotSettings& settings, v1::QuiesceStart& start) {
  if (!start.has_freeze_file_systems()) {
    start.set_freeze_file_systems(settings.freeze_file_systems());
  }
  if (!start.has_run_scripts()) start.set_run_scripts(settings.run_scripts());
  if (start.script_argument().empty()) start.set_script_argument(settings.script_argument());
  if (start.time_limit() == 0) start.set_time_limit(settings.time_limit());
}

absl::Status Check(const v1::QuiesceStart& start) {
  if (!start.freeze_file_systems() && !start.run_scripts()) {
    return MakeError(v1::INVALID_ARGUMENT,
                     "the snapshot asks for neither file systems nor scripts");
  }
  if (start.script_argument().size() > kMaxScriptArgument) {
    return MakeError(v1::INVALID_ARGUMENT, "script_argument is longer than 256 bytes");
  }
  return absl::OkStatus();
}

void LogOutcome(const v1::QuiesceUpdate& update) {
  if (update.has_thawed()) {
    const v1::QuiesceUpdate::FileSystemsThawed& thawed = update.thawed();
    uint64_t in_kernel = 0;
    for (const v1::FrozenFileSystem& frozen : thawed.file_systems()) {
      in_kernel += frozen.freeze_us();
    }
    LogNotice("snapshot: ", thawed.file_systems_size(), " file systems were frozen for ",
              absl::FormatDuration(absl::Microseconds(thawed.frozen_us())), ", ",
              absl::FormatDuration(absl::Microseconds(in_kernel)), " of FIFREEZE");
  } else if (update.has_failure()) {
    LogWarning("snapshot failed (", v1::QuiesceFailure::Kind_Name(update.failure().kind()),
               "): ", update.failure().message());
  } else if (update.has_done()) {
    LogNotice("snapshot: done");
  }
}

}  // namespace

grpc::Status QuiesceService::Run(grpc::ServerContext* context, Stream* stream) {
  v1::QuiesceRequest request;
  if (!stream->Read(&request) || !request.has_start()) {
    return ToGrpc(MakeError(v1::INVALID_ARGUMENT, "the first message must start a snapshot"));
  }
  const absl::StatusOr<v1::SnapshotSettings> settings = parts_.settings();
  if (!settings.ok()) return ToGrpc(settings.status());
  v1::QuiesceStart& start = *request.mutable_start();
  Complete(*settings, start);
  if (const absl::Status status = Check(start); !status.ok()) return ToGrpc(status);

  const std::unique_ptr<SnapshotBackend> backend = parts_.backend(*settings, start);
  SnapshotTimes times = times_;
  times.limit = absl::Seconds(start.time_limit());
  SnapshotRun run({.file_systems = start.freeze_file_systems(),
                   .scripts = start.run_scripts(),
                   .manifest = start.create_manifest()},
                  times, backend.get(), [stream](const v1::QuiesceUpdate& update) {
                    // To a caller that has left nothing is sent; its end was noticed.
                    stream->Write(update);
                    LogOutcome(update);
                  });
  if (!Enter(&run)) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "another snapshot is running");
  }
  Serve(run, context, stream);
  backend->Finish(stop_);
  Leave();
  return grpc::Status::OK;
}

void QuiesceService::Serve(SnapshotRun& run, grpc::ServerContext* context, Stream* stream) {
  v1::QuiesceUpdate ready;
  ready.mutable_ready();
  stream->Write(ready);
  absl::Notification read_all;
  std::thread reader([&] {
    v1::QuiesceRequest request;
    while (stream->Read(&request)) run.Take(request);
    run.Abort("its caller has left");
    read_all.Notify();
  });
  run.Run();
  if (!read_all.WaitForNotificationWithTimeout(kFarewell)) context->TryCancel();
  reader.join();
}

grpc::Status QuiesceService::GetPlan(grpc::ServerContext*, const v1::GetPlanRequest*,
                                     v1::QuiescePlan* reply) {
  const absl::StatusOr<v1::SnapshotSettings> settings = parts_.settings();
  if (!settings.ok()) return ToGrpc(settings.status());
  absl::StatusOr<v1::QuiescePlan> plan = parts_.plan(*settings);
  if (!plan.ok()) return ToGrpc(plan.status());
  *reply = *std::move(plan);
  return grpc::Status::OK;
}

bool QuiesceService::busy() const {
  absl::MutexLock lock(&mutex_);
  return running_ != nullptr;
}

void QuiesceService::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  stop_.Set();
  if (running_ != nullptr) running_->Abort("snapshotd is stopping");
}

bool QuiesceService::Enter(SnapshotRun* run) {
  absl::MutexLock lock(&mutex_);
  if (running_ != nullptr || stopped_) return false;
  running_ = run;
  return true;
}

void QuiesceService::Leave() {
  absl::MutexLock lock(&mutex_);
  running_ = nullptr;
}

}  // namespace toolboxd::snapshotd
