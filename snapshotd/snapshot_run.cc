// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/snapshot_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/steady_time.h"

namespace toolboxd::snapshotd {

SnapshotRun::SnapshotRun(QuiesceMachine::Parts parts, SnapshotTimes times, SnapshotBackend* backend,
                         std::function<void(const v1::QuiesceUpdate&)> send)
    : times_(times), backend_(*backend), send_(std::move(send)), machine_(parts) {}

SnapshotRun::~SnapshotRun() {
  if (worker_.joinable()) worker_.join();
}

void SnapshotRun::Run() {
  silent_at_ = SteadyNow() + times_.silence;
  while (!machine_.done()) {
    const Event event = Next();
    Do(event ? event() : RunTimers());
  }
}

void SnapshotRun::Take(const v1::QuiesceRequest& request) {
  Post([this, step = request.step_case()] {
    silent_at_ = SteadyNow() + times_.silence;
    switch (step) {
      case v1::QuiesceRequest::kProceed:
        limit_at_ = std::min(limit_at_, SteadyNow() + times_.limit);
        return machine_.Proceed();
      case v1::QuiesceRequest::kSnapshotDone:
        return machine_.SnapshotDone();
      case v1::QuiesceRequest::kAbort:
        return machine_.Abort("aborted by the host");
      default:
        return QuiesceSteps();
    }
  });
}

void SnapshotRun::Abort(std::string why) {
  Post([this, why = std::move(why)] { return machine_.Abort(why); });
}

void SnapshotRun::Post(Event event) {
  absl::MutexLock lock(&mutex_);
  events_.push_back(std::move(event));
}

SnapshotRun::Event SnapshotRun::Next() {
  const auto waiting = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !events_.empty(); };
  const absl::Duration left = NextTimer() - SteadyNow();
  absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(absl::Condition(&waiting), std::max(left, absl::ZeroDuration()))) {
    return nullptr;
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

absl::Time SnapshotRun::NextTimer() const { return std::min({limit_at_, silent_at_, hold_at_}); }

QuiesceSteps SnapshotRun::RunTimers() {
  const absl::Time now = SteadyNow();
  if (now >= limit_at_) {
    limit_at_ = absl::InfiniteFuture();
    return machine_.Abort(
        absl::StrCat("not over after its time limit of ", absl::FormatDuration(times_.limit)));
  }
  if (now >= silent_at_) {
    silent_at_ = absl::InfiniteFuture();
    if (!machine_.needs_caller()) return {};
    return machine_.Abort(
        absl::StrCat("the caller was silent for ", absl::FormatDuration(times_.silence)));
  }
  if (now < hold_at_) return {};
  hold_at_ = now + times_.hold;
  const absl::Status held = backend_.Hold();
  return held.ok() ? QuiesceSteps() : machine_.FreezerLost(held.message());
}

void SnapshotRun::Do(const QuiesceSteps& steps) {
  for (const QuiesceStep& step : steps) Do(step);
}

void SnapshotRun::Do(const QuiesceStep& step) {
  switch (step.kind) {
    case QuiesceStep::Kind::kSend:
      // From the freeze on the freezer wants to hear from us, until something else happens to it.
      hold_at_ = step.update.has_frozen() && machine_.may_be_frozen() ? SteadyNow() + times_.hold
                                                                      : absl::InfiniteFuture();
      return send_(step.update);
    case QuiesceStep::Kind::kStopScripts:
    case QuiesceStep::Kind::kCancelFreeze:
      return work_stop_->Set();
    case QuiesceStep::Kind::kWriteManifest:
      return SendManifest();
    case QuiesceStep::Kind::kThaw:
      hold_at_ = absl::InfiniteFuture();
      [[fallthrough]];
    default:
      StartWork([this, step](const StopSignal& stop) { Work(step, stop); });
  }
}

void SnapshotRun::SendManifest() {
  const absl::StatusOr<std::string> path = backend_.WriteManifest();
  if (!path.ok()) {
    LogWarning("the snapshot has no manifest: ", path.status().message());
    return;
  }
  v1::QuiesceUpdate update;
  update.mutable_manifest()->set_path(*path);
  send_(update);
}

void SnapshotRun::StartWork(std::function<void(const StopSignal& stop)> work) {
  // The work before has posted its end.
  if (worker_.joinable()) worker_.join();
  work_stop_ = std::make_unique<StopSignal>();
  worker_ = std::thread([work = std::move(work), stop = work_stop_.get()] { work(*stop); });
}

void SnapshotRun::Work(const QuiesceStep& step, const StopSignal& stop) {
  switch (step.kind) {
    case QuiesceStep::Kind::kRunScripts: {
      const absl::Status status = backend_.RunScripts(step.scripts, stop);
      return Post([this, status] { return machine_.ScriptsEnded(status); });
    }
    case QuiesceStep::Kind::kFreeze: {
      const absl::StatusOr<v1::QuiesceUpdate::FileSystemsFrozen> frozen = backend_.Freeze(stop);
      return Post([this, frozen] {
        return machine_.FreezeEnded(frozen.status(),
                                    frozen.value_or(v1::QuiesceUpdate::FileSystemsFrozen()));
      });
    }
    default: {
      const absl::StatusOr<v1::QuiesceUpdate::FileSystemsThawed> thawed = backend_.Thaw();
      return Post([this, thawed] {
        return machine_.ThawEnded(thawed.status(),
                                  thawed.value_or(v1::QuiesceUpdate::FileSystemsThawed()));
      });
    }
  }
}

}  // namespace toolboxd::snapshotd
