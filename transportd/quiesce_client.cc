// SPDX-License-Identifier: Apache-2.0

#include "transportd/quiesce_client.h"

#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/quiesce.grpc.pb.h"
#include "transportd/first_result.h"

namespace toolboxd {
namespace {

constexpr char kService[] = "snapshotd";

using Stream = grpc::ClientReaderWriter<v1::QuiesceRequest, v1::QuiesceUpdate>;

v1::QuiesceUpdate Failure(v1::QuiesceFailure::Kind kind, absl::string_view message) {
  v1::QuiesceUpdate update;
  update.mutable_failure()->set_kind(kind);
  update.mutable_failure()->set_message(std::string(message));
  return update;
}

v1::QuiesceUpdate Done() {
  v1::QuiesceUpdate update;
  update.mutable_done();
  return update;
}

}  // namespace

// Shared by the channel's thread and the run's thread.
struct QuiesceClient::Run {
  v1::QuiesceStart start;

  // --- for the channel's thread
  OnUpdate on_update;
  bool failed = false;
  bool aborted = false;
  bool over = false;
  // When everything must be thawed.
  absl::Time thaw_by = absl::InfiniteFuture();

  grpc::ClientContext context;
  // The result of the start.
  FirstResult<absl::Status> started;

  absl::Mutex mutex;
  // Updates that the channel's thread has not taken, for which a task is posted.
  std::deque<v1::QuiesceUpdate> pending ABSL_GUARDED_BY(mutex);

  // Held while a step is written: the stream must not end meanwhile.
  absl::Mutex write_mutex;
  // Null before and after the call.
  Stream* stream ABSL_GUARDED_BY(write_mutex) = nullptr;

  void SetStream(Stream* new_stream) {
    absl::MutexLock lock(&write_mutex);
    stream = new_stream;
  }

  // A lost step is reported by the end of the call. The steps of a snapshot are so small that they
  // wait for nothing, even if snapshotd reads none of them.
  void Write(const v1::QuiesceRequest& request) {
    absl::MutexLock lock(&write_mutex);
    if (stream != nullptr) stream->Write(request);
  }

  absl::Status WaitForStart(absl::Duration limit) {
    if (const auto status = started.Await(limit)) return *status;
    context.TryCancel();
    return absl::DeadlineExceededError(
        absl::StrCat("snapshotd was not ready within ", absl::FormatDuration(limit)));
  }
};

QuiesceClient::QuiesceClient(std::string socket, TaskQueue* queue, StatusBoard* board,
                             OnStandstill on_standstill, QuiesceLimits limits)
    : socket_(std::move(socket)),
      queue_(*queue),
      board_(*board),
      on_standstill_(std::move(on_standstill)),
      limits_(limits),
      threads_(kService) {}

QuiesceClient::~QuiesceClient() {
  threads_.Stop();
  SetStandstill(false);
}

absl::Status QuiesceClient::Begin(const v1::QuiesceStart& start, OnUpdate on_update) {
  if (current_ != nullptr) return absl::FailedPreconditionError("another snapshot runs");
  if (given_up_ != nullptr) {
    return absl::UnavailableError(
        "snapshotd has not ended the snapshot before, which may still have something frozen");
  }
  auto run = std::make_shared<Run>();
  run->start = start;
  run->on_update = std::move(on_update);
  absl::Status status = threads_.Start(
      [this, run] {
        Call(run);
        queue_.Post([this, run] { OnCallEnded(run); });
      },
      [run] { run->context.TryCancel(); });
  if (!status.ok()) return status;
  status = run->WaitForStart(limits_.start);
  board_.CountCall(kService, status);
  if (!status.ok()) return status;
  board_.BeginSnapshot();
  current_ = std::move(run);
  TickLater();
  return absl::OkStatus();
}

void QuiesceClient::Proceed() {
  if (current_ == nullptr) return;
  SetStandstill(true);
  v1::QuiesceRequest request;
  request.mutable_proceed();
  current_->Write(request);
}

void QuiesceClient::SnapshotDone() {
  if (current_ == nullptr) return;
  ExpectThaw();
  v1::QuiesceRequest request;
  request.mutable_snapshot_done();
  current_->Write(request);
}

void QuiesceClient::Abort() {
  if (current_ == nullptr) return;
  current_->aborted = true;
  ExpectThaw();
  v1::QuiesceRequest request;
  request.mutable_abort();
  current_->Write(request);
}

void QuiesceClient::Wait(absl::Duration limit) {
  const std::shared_ptr<Run> run = current_;
  if (run == nullptr) return;
  {
    const auto some = [&run]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(run->mutex) {
      return !run->pending.empty();
    };
    absl::MutexLock lock(&run->mutex);
    run->mutex.AwaitWithTimeout(absl::Condition(&some), limit);
  }
  TakePending(run);
}

void QuiesceClient::Call(const std::shared_ptr<Run>& run) {
  const auto stub = v1::Quiesce::NewStub(ConnectUnix(socket_));
  const auto stream = stub->Run(&run->context);
  v1::QuiesceRequest request;
  *request.mutable_start() = run->start;
  // A failed write is reported by the read after it.
  stream->Write(request);
  run->SetStream(stream.get());
  v1::QuiesceUpdate update;
  const bool alive = stream->Read(&update);
  const bool ready = alive && update.has_ready();
  bool running = ready && run->started.Set(absl::OkStatus());
  while (running && !update.has_done() && stream->Read(&update)) Deliver(run, update);
  run->SetStream(nullptr);
  // Ends the call even if snapshotd does not.
  if (alive) stream->WritesDone();
  const bool done = running && update.has_done();
  if (done || (alive && !running)) run->context.TryCancel();
  absl::Status status = FromGrpc(stream->Finish());
  if (alive && !ready) status = absl::InternalError("snapshotd sent something else than ready");
  if (status.ok()) status = absl::UnavailableError("snapshotd ended the call too soon");
  if (!ready) run->started.Set(status);
  if (!running || done) return;
  Deliver(run, Failure(v1::QuiesceFailure::ABORTED,
                       absl::StrCat("the connection to snapshotd ended: ", status.message())));
  Deliver(run, Done());
}

void QuiesceClient::Deliver(const std::shared_ptr<Run>& run, v1::QuiesceUpdate update) {
  absl::MutexLock lock(&run->mutex);
  const bool posted = !run->pending.empty();
  run->pending.push_back(std::move(update));
  if (!posted) queue_.Post([this, run] { TakePending(run); });
}

void QuiesceClient::TakePending(const std::shared_ptr<Run>& run) {
  std::deque<v1::QuiesceUpdate> updates;
  {
    absl::MutexLock lock(&run->mutex);
    updates.swap(run->pending);
  }
  for (const v1::QuiesceUpdate& update : updates) Handle(run, update);
}

void QuiesceClient::Handle(const std::shared_ptr<Run>& run, const v1::QuiesceUpdate& update) {
  if (run->over || update.has_ready()) return;
  // The connection ended after a failure.
  if (update.has_failure() && run->failed) return;
  if (update.has_failure() || update.has_thawed()) run->thaw_by = absl::InfiniteFuture();
  if (update.has_thawed()) board_.SetFrozenTime(update.thawed().frozen_us());
  if (update.has_failure()) run->failed = true;
  if (update.has_done()) {
    run->over = true;
    board_.EndSnapshot(run->failed ? StatusBoard::Snapshot::kFailed
                                   : StatusBoard::Snapshot::kTaken);
    current_.reset();
  }
  if (!update.has_frozen() && given_up_ == nullptr) SetStandstill(false);
  run->on_update(update);
}

void QuiesceClient::ExpectThaw() { current_->thaw_by = SteadyNow() + limits_.thaw; }

void QuiesceClient::SetStandstill(bool on) {
  if (on == standstill_) return;
  standstill_ = on;
  on_standstill_(on ? Standstill::kBegins : Standstill::kEnds);
}

void QuiesceClient::TickLater() {
  queue_.PostAt(SteadyNow() + limits_.alive, [this, run = current_] {
    if (run == current_) Tick();
  });
}

void QuiesceClient::Tick() {
  const std::shared_ptr<Run> run = current_;
  if (SteadyNow() < run->thaw_by) {
    v1::QuiesceRequest request;
    request.mutable_alive();
    run->Write(request);
    return TickLater();
  }
  if (!run->aborted) {
    LogError("snapshotd does not report that everything is thawed; the snapshot is aborted");
    Abort();
    return TickLater();
  }
  GiveUp();
}

void QuiesceClient::GiveUp() {
  LogError("snapshotd does not answer; its freezer thaws by itself");
  const std::shared_ptr<Run> run = current_;
  given_up_ = run;
  queue_.PostAt(SteadyNow() + limits_.given_up, [this, run] {
    if (run == given_up_) EndGivenUp();
  });
  if (!run->failed) {
    Handle(run, Failure(v1::QuiesceFailure::ABORTED_NOT_THAWED, "snapshotd does not answer"));
  }
  Handle(run, Done());
}

void QuiesceClient::EndGivenUp() {
  given_up_->context.TryCancel();
  given_up_.reset();
  SetStandstill(false);
}

void QuiesceClient::OnCallEnded(const std::shared_ptr<Run>& run) {
  if (run == given_up_) EndGivenUp();
  threads_.JoinEnded();
}

}  // namespace toolboxd
