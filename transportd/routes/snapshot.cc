// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/snapshot.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "transportd/routes/registration.h"
#include "transportd/snapshot/events.h"

namespace toolboxd {
namespace {

using snapshot::Event;

constexpr char kInProgress[] = "Quiesce operation already in progress.";
constexpr char kNotStarted[] = "Error initializing quiesce operation.";
constexpr char kNotInProgress[] = "Error: no quiesce operation in progress";
constexpr char kUnexpectedDone[] = "Error: unexpected state for quiesce done message.";
constexpr char kNoCompletion[] = "Error: no quiesce complete in progress";

v1::QuiesceStart ToProto(const snapshot::StartOptions& options) {
  v1::QuiesceStart start;
  if (options.freeze_file_systems.has_value()) {
    start.set_freeze_file_systems(*options.freeze_file_systems);
  }
  if (options.run_scripts.has_value()) start.set_run_scripts(*options.run_scripts);
  start.set_script_argument(options.script_argument);
  start.set_time_limit(options.time_limit);
  start.set_create_manifest(options.create_manifest);
  start.set_product_version(kToolsVersion);
  return start;
}

std::string MountPoints(const v1::QuiesceUpdate::FileSystemsThawed& thawed) {
  std::string text;
  for (const v1::FrozenFileSystem& file_system : thawed.file_systems()) {
    absl::StrAppend(&text, text.empty() ? ": " : ", ", file_system.mount_point());
  }
  return text;
}

}  // namespace

void SnapshotRoutes::AddTo(Router& router) {
  router.Add("vmbackup.start", [this](absl::string_view arguments) {
    return Start(snapshot::ParseStart(arguments));
  });
  router.Add("vmbackup.startWithOpts",
             [this](absl::string_view blob) { return StartWithOptions(blob); });
  router.Add("vmbackup.snapshotDone", [this](absl::string_view) { return OnSnapshotDone(); });
  router.Add("vmbackup.snapshotCompleted",
             [](absl::string_view) { return TcloReply::Error(kNoCompletion); });
  router.Add("vmbackup.abort", [this](absl::string_view) { return OnAbort(); });
}

TcloReply SnapshotRoutes::StartWithOptions(absl::string_view blob) {
  const absl::StatusOr<snapshot::StartOptions> options = snapshot::DecodeStartOptions(blob);
  if (!options.ok()) return TcloReply::Error(std::string(options.status().message()));
  return Start(*options);
}

TcloReply SnapshotRoutes::Start(const snapshot::StartOptions& options) {
  if (state_ != State::kIdle) return TcloReply::Error(kInProgress);
  if (!options.CanStart()) {
    LogNotice("the host requests a snapshot with neither frozen file systems nor scripts; refused");
    return TcloReply::Error(kNotStarted);
  }
  const absl::Status begun = quiescer_.Begin(
      ToProto(options), [this](const v1::QuiesceUpdate& update) { OnUpdate(update); });
  if (absl::IsFailedPrecondition(begun)) return TcloReply::Error(kInProgress);
  if (!begun.ok()) {
    LogError("the guest cannot be quiesced for a snapshot: ", begun.message());
    return TcloReply::Error(kNotStarted);
  }
  LogNotice("the host requests a quiesced snapshot");
  state_ = State::kFreezing;
  manifest_ = options.create_manifest;
  owes_aborted_ = sent_aborted_ = refused_commit_ = false;
  if (!events_.Begin()) Abandon("the host refused its first event");
  return OkThenContinue();
}

TcloReply SnapshotRoutes::OnSnapshotDone() {
  if (state_ == State::kIdle) return TcloReply::Error(kNotInProgress);
  if (state_ != State::kFrozen) return TcloReply::Error(kUnexpectedDone);
  state_ = State::kThawing;
  return OkThenContinue();
}

TcloReply SnapshotRoutes::OnAbort() {
  if (state_ == State::kIdle) return TcloReply::Error(kNotInProgress);
  Abandon("the host aborts it");
  return OkThenContinue();
}

TcloReply SnapshotRoutes::OkThenContinue() {
  TcloReply reply = TcloReply::Ok();
  reply.after_reply = [this] {
    if (state_ == State::kFreezing) quiescer_.Proceed();
    if (state_ == State::kThawing) quiescer_.SnapshotDone();
    if (state_ == State::kEnding) quiescer_.Abort();
  };
  return reply;
}

void SnapshotRoutes::OnHostLost() {
  if (Taking()) Abort("the channel to the host broke or was reset");
}

void SnapshotRoutes::OnKeepAliveRefused() {
  if (Taking() && events_.keep_alive_refused()) Abort("the host refused a keepAlive");
}

void SnapshotRoutes::Stop(absl::Duration limit) {
  if (state_ == State::kIdle) return;
  if (Taking()) Abort("transportd ends");
  const absl::Time deadline = SteadyNow() + limit;
  for (absl::Duration rest = limit; state_ != State::kIdle && rest > absl::ZeroDuration();
       rest = deadline - SteadyNow()) {
    quiescer_.Wait(rest);
  }
  if (state_ == State::kIdle) return;
  if (owes_aborted_ && !sent_aborted_) {
    v1::QuiesceUpdate failure;
    failure.mutable_failure()->set_kind(v1::QuiesceFailure::ABORTED_NOT_THAWED);
    failure.mutable_failure()->set_message("snapshotd did not thaw before transportd ended");
    OnFailure(failure);
  }
  OnDone();
}

void SnapshotRoutes::Abandon(absl::string_view why) {
  LogWarning("the snapshot is aborted: ", why);
  state_ = State::kEnding;
  owes_aborted_ = true;
}

void SnapshotRoutes::Abort(absl::string_view why) {
  Abandon(why);
  quiescer_.Abort();
}

void SnapshotRoutes::OnUpdate(const v1::QuiesceUpdate& update) {
  if (state_ == State::kIdle) return;
  switch (update.step_case()) {
    case v1::QuiesceUpdate::kFrozen:
      return OnFrozen(update);
    case v1::QuiesceUpdate::kThawed:
      return OnThawed(update.thawed());
    case v1::QuiesceUpdate::kManifest:
      // What the host says to it does not matter: it has its snapshot.
      if (state_ != State::kThawing || !manifest_) return;
      for (const Event& event : snapshot::EventsOf(update)) events_.Send(event);
      return;
    case v1::QuiesceUpdate::kFailure:
      return OnFailure(update);
    case v1::QuiesceUpdate::kDone:
      return OnDone();
    default:
      return;
  }
}

void SnapshotRoutes::OnFrozen(const v1::QuiesceUpdate& update) {
  // An abort may have crossed it: then nothing is committed.
  if (state_ != State::kFreezing) return;
  state_ = State::kFrozen;
  bool accepted = true;
  for (const Event& event : snapshot::EventsOf(update)) accepted = events_.Send(event) && accepted;
  const v1::QuiesceUpdate::FileSystemsFrozen& frozen = update.frozen();
  freeze_time_ = absl::Microseconds(frozen.freeze_us());
  commit_delay_ = SteadyNow() - absl::FromUnixMicros(frozen.frozen_at_us());
  if (accepted) return;
  refused_commit_ = true;
  state_ = State::kEnding;
  quiescer_.Abort();
}

void SnapshotRoutes::OnThawed(const v1::QuiesceUpdate::FileSystemsThawed& thawed) {
  if (thawed.file_systems().empty()) return;
  LogNotice("file systems were frozen for ",
            absl::FormatDuration(absl::Microseconds(thawed.frozen_us())),
            " for a snapshot (the freeze took ", absl::FormatDuration(freeze_time_),
            ", the host had the commit ",
            absl::FormatDuration(absl::Trunc(commit_delay_, absl::Microseconds(1))), " later)",
            MountPoints(thawed));
}

void SnapshotRoutes::OnFailure(const v1::QuiesceUpdate& update) {
  LogError("the snapshot failed: ", v1::QuiesceFailure::Kind_Name(update.failure().kind()), ": ",
           update.failure().message());
  if (state_ != State::kThawing) state_ = State::kEnding;
  if (refused_commit_) return;
  for (const Event& event : snapshot::EventsOf(update)) {
    events_.Send(event);
    if (event.name == snapshot::kAbortedEvent) sent_aborted_ = true;
  }
}

void SnapshotRoutes::OnDone() {
  // The end came without a reason.
  if (Taking()) owes_aborted_ = true;
  if (owes_aborted_ && !sent_aborted_) events_.Send(snapshot::AbortedEvent());
  events_.End();
  state_ = State::kIdle;
}

}  // namespace toolboxd
