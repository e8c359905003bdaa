// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_client.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/failed_call.h"
#include "daemon/grpc_status.h"

namespace toolboxd {
namespace {

// A plan looks at sysfs only.
constexpr absl::Duration kPlanTimeout = absl::Seconds(15);
constexpr absl::string_view kInstalledFolder = "/run/toolboxd/";

void Clear(int fd) {
  char bytes[128];
  [[maybe_unused]] const ssize_t got = read(fd, bytes, sizeof bytes);
}

// What the reading thread has for the other one.
class Inbox {
 public:
  void Add(std::optional<v1::QuiesceUpdate> update) {
    {
      const absl::MutexLock lock(&mutex_);
      updates_.push_back(std::move(update));
    }
    eventfd_write(event_.get(), 1);
  }
  std::deque<std::optional<v1::QuiesceUpdate>> TakeAll() {
    Clear(event_.get());
    const absl::MutexLock lock(&mutex_);
    return std::exchange(updates_, {});
  }
  // Readable while there are updates.
  int event() const { return event_.get(); }

 private:
  const UniqueFd event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  absl::Mutex mutex_;
  // Not set: the call has ended.
  std::deque<std::optional<v1::QuiesceUpdate>> updates_ ABSL_GUARDED_BY(mutex_);
};

// One trial. One thread reads updates; this one writes, so that the signs of life go on.
class Trial {
 public:
  Trial(v1::Quiesce::Stub* stub, const TrialOptions& options)
      : options_(options), stream_(stub->Run(&context_)) {}

  absl::StatusOr<TrialResult> Run() {
    SendStart();
    std::thread reader([this] { Read(); });
    while (!ended_) {
      Wait();
      for (const std::optional<v1::QuiesceUpdate>& update : inbox_.TakeAll()) Handle(update);
      SendWhatIsDue();
    }
    reader.join();
    const grpc::Status status = stream_->Finish();
    if (!status.ok()) return FromGrpc(status);
    if (!done_) return absl::InternalError("snapshotd ended the call before the snapshot was done");
    return std::move(result_);
  }

 private:
  void SendStart() {
    v1::QuiesceRequest request;
    request.mutable_start()->set_freeze_file_systems(true);
    request.mutable_start()->set_run_scripts(options_.run_scripts);
    stream_->Write(request);
  }

  void Read() {
    v1::QuiesceUpdate update;
    while (stream_->Read(&update)) inbox_.Add(update);
    inbox_.Add(std::nullopt);
  }

  // For an update, the stop, or something that is due.
  void Wait() {
    const absl::Time due = std::min(next_alive_, thaw_at_);
    const absl::Duration rest = std::max(due - SteadyNow(), absl::ZeroDuration());
    pollfd items[] = {{inbox_.event(), POLLIN, 0}, {options_.stop, POLLIN, 0}};
    poll(items, 2, static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(rest, kTick))));
    if (items[1].revents == 0) return;
    Clear(options_.stop);
    if (std::exchange(aborted_, true)) {
      context_.TryCancel();
      return;
    }
    v1::QuiesceRequest request;
    request.mutable_abort();
    if (!done_) stream_->Write(request);
  }

  void Handle(const std::optional<v1::QuiesceUpdate>& update) {
    if (!update) {
      ended_ = true;
      return;
    }
    switch (update->step_case()) {
      case v1::QuiesceUpdate::kReady: {
        v1::QuiesceRequest request;
        request.mutable_proceed();
        stream_->Write(request);
        break;
      }
      case v1::QuiesceUpdate::kFrozen:
        thaw_at_ = SteadyNow() + options_.hold;
        break;
      case v1::QuiesceUpdate::kThawed:
        result_.thawed = true;
        result_.file_systems = update->thawed();
        break;
      case v1::QuiesceUpdate::kFailure:
        result_.failures.push_back(update->failure());
        break;
      case v1::QuiesceUpdate::kDone:
        done_ = true;
        // snapshotd waits for the end of the messages.
        stream_->WritesDone();
        break;
      default:  // The manifest, or a step of a later version.
        break;
    }
  }

  void SendWhatIsDue() {
    if (ended_) return;
    const absl::Time now = SteadyNow();
    v1::QuiesceRequest request;
    if (now >= thaw_at_) {
      thaw_at_ = absl::InfiniteFuture();
      request.mutable_snapshot_done();
      if (!aborted_ && !done_) stream_->Write(request);
    }
    if (now < next_alive_) return;
    next_alive_ = now + options_.alive_interval;
    request.mutable_alive();
    if (!done_) stream_->Write(request);
  }

  static constexpr absl::Duration kTick = absl::Milliseconds(1);

  const TrialOptions options_;
  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::QuiesceRequest, v1::QuiesceUpdate>> stream_;
  Inbox inbox_;
  TrialResult result_;
  absl::Time next_alive_ = SteadyNow() + options_.alive_interval;
  absl::Time thaw_at_ = absl::InfiniteFuture();
  bool aborted_ = false;
  bool done_ = false;
  bool ended_ = false;
};

}  // namespace

SnapshotClient::SnapshotClient(std::string socket)
    : socket_(std::move(socket)), stub_(v1::Quiesce::NewStub(ConnectUnix(socket_))) {}

absl::StatusOr<v1::QuiescePlan> SnapshotClient::GetPlan() {
  grpc::ClientContext context;
  SetTimeout(kPlanTimeout, &context);
  v1::QuiescePlan plan;
  const grpc::Status result = stub_->GetPlan(&context, v1::GetPlanRequest(), &plan);
  if (!result.ok()) return Explain(FromGrpc(result));
  return plan;
}

absl::StatusOr<TrialResult> SnapshotClient::Try(const TrialOptions& options) {
  absl::StatusOr<TrialResult> result = Trial(stub_.get(), options).Run();
  if (!result.ok()) return Explain(result.status());
  return result;
}

absl::Status SnapshotClient::Explain(const absl::Status& status) const {
  CalledService service = ToolboxdService("snapshotd", socket_, "toolboxd-snapshotd.socket");
  // It serves no group, and starts by itself.
  if (absl::StartsWith(socket_, kInstalledFolder)) {
    service.access = "run this as root";
    service.look = "see 'journalctl -u toolboxd-snapshotd'";
  }
  return ExplainFailedCall(status, service);
}

}  // namespace toolboxd
