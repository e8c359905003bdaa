// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/quiesce_machine.h"

#include <string>
#include <utility>

namespace toolboxd::snapshotd {
namespace {

using Kind = QuiesceStep::Kind;

void Add(QuiesceSteps& steps, Kind kind) { steps.push_back({.kind = kind}); }

void Send(QuiesceSteps& steps, v1::QuiesceUpdate update) {
  steps.push_back({.kind = Kind::kSend, .update = std::move(update)});
}

}  // namespace

QuiesceSteps QuiesceMachine::Proceed() {
  QuiesceSteps steps;
  if (state_ != State::kReady) return steps;
  if (parts_.scripts) {
    // Even if they then cannot be started: what has begun learns of the end.
    scripts_started_ = true;
    RunOrEnd(steps, State::kFreezeScripts, ScriptEvent::kFreeze);
  } else {
    BeginFreeze(steps);
  }
  return steps;
}

QuiesceSteps QuiesceMachine::SnapshotDone() {
  QuiesceSteps steps;
  if (state_ == State::kFrozen) BeginThaw(steps);
  return steps;
}

QuiesceSteps QuiesceMachine::Abort(absl::string_view why) {
  QuiesceSteps steps;
  if (aborted_ || done()) return steps;
  aborted_ = true;
  abort_reason_ = std::string(why);
  switch (state_) {
    case State::kReady:
      Fail(steps, v1::QuiesceFailure::ABORTED, why);
      break;
    case State::kFreezeScripts:
      Add(steps, Kind::kStopScripts);
      break;
    case State::kFreezing:
      Add(steps, Kind::kCancelFreeze);
      break;
    case State::kFrozen:
      BeginThaw(steps);
      break;
    default:
      // The end of the thaw or of the scripts reports it.
      break;
  }
  return steps;
}

QuiesceSteps QuiesceMachine::ScriptsEnded(const absl::Status& status) {
  QuiesceSteps steps;
  switch (state_) {
    case State::kFreezeScripts:
      // None of them has begun, so none has to learn of the end.
      if (absl::IsPermissionDenied(status)) scripts_started_ = false;
      if (aborted_) {
        Fail(steps, v1::QuiesceFailure::ABORTED, abort_reason_);
      } else if (absl::IsUnavailable(status) || absl::IsPermissionDenied(status)) {
        Fail(steps, v1::QuiesceFailure::SCRIPTS_NOT_STARTED, status.message());
      } else if (!status.ok()) {
        Fail(steps, v1::QuiesceFailure::FREEZE_SCRIPT_FAILED, status.message());
      } else {
        BeginFreeze(steps);
      }
      break;
    case State::kThawScripts:
      if (aborted_ || !status.ok()) {
        v1::QuiesceUpdate update;
        update.mutable_failure()->set_kind(aborted_ ? v1::QuiesceFailure::ABORTED
                                                    : v1::QuiesceFailure::THAW_SCRIPT_FAILED);
        update.mutable_failure()->set_message(aborted_ ? abort_reason_
                                                       : std::string(status.message()));
        Send(steps, std::move(update));
      }
      End(steps);
      break;
    case State::kFailScripts:
      End(steps);
      break;
    default:
      break;
  }
  return steps;
}

QuiesceSteps QuiesceMachine::FreezeEnded(const absl::Status& status,
                                         const v1::QuiesceUpdate::FileSystemsFrozen& frozen) {
  QuiesceSteps steps;
  if (state_ != State::kFreezing) return steps;
  if (!status.ok()) {
    Fail(steps, aborted_ ? v1::QuiesceFailure::ABORTED : v1::QuiesceFailure::FREEZE_FAILED,
         aborted_ ? abort_reason_ : status.message());
    return steps;
  }
  state_ = State::kFrozen;
  if (aborted_) {
    BeginThaw(steps);
    return steps;
  }
  v1::QuiesceUpdate update;
  *update.mutable_frozen() = frozen;
  Send(steps, std::move(update));
  return steps;
}

QuiesceSteps QuiesceMachine::ThawEnded(const absl::Status& status,
                                       const v1::QuiesceUpdate::FileSystemsThawed& thawed) {
  QuiesceSteps steps;
  if (state_ != State::kThawing) return steps;
  if (!status.ok()) {
    Fail(steps, aborted_ ? v1::QuiesceFailure::ABORTED_NOT_THAWED : v1::QuiesceFailure::THAW_FAILED,
         status.message());
    return steps;
  }
  v1::QuiesceUpdate update;
  *update.mutable_thawed() = thawed;
  Send(steps, std::move(update));
  if (aborted_) {
    Fail(steps, v1::QuiesceFailure::ABORTED, abort_reason_);
    return steps;
  }
  if (parts_.manifest && parts_.file_systems) Add(steps, Kind::kWriteManifest);
  RunOrEnd(steps, State::kThawScripts, ScriptEvent::kThaw);
  return steps;
}

QuiesceSteps QuiesceMachine::FreezerLost(absl::string_view why) {
  QuiesceSteps steps;
  if (state_ == State::kFrozen && parts_.file_systems) {
    Fail(steps, v1::QuiesceFailure::THAW_FAILED, why);
  }
  return steps;
}

void QuiesceMachine::BeginFreeze(QuiesceSteps& steps) {
  state_ = State::kFreezing;
  if (parts_.file_systems) {
    Add(steps, Kind::kFreeze);
    return;
  }
  QuiesceSteps frozen = FreezeEnded(absl::OkStatus(), {});
  steps.insert(steps.end(), frozen.begin(), frozen.end());
}

void QuiesceMachine::BeginThaw(QuiesceSteps& steps) {
  state_ = State::kThawing;
  if (parts_.file_systems) {
    Add(steps, Kind::kThaw);
    return;
  }
  QuiesceSteps thawed = ThawEnded(absl::OkStatus(), {});
  steps.insert(steps.end(), thawed.begin(), thawed.end());
}

void QuiesceMachine::Fail(QuiesceSteps& steps, v1::QuiesceFailure::Kind kind,
                          absl::string_view message) {
  v1::QuiesceUpdate update;
  update.mutable_failure()->set_kind(kind);
  update.mutable_failure()->set_message(std::string(message));
  Send(steps, std::move(update));
  if (scripts_started_) {
    RunOrEnd(steps, State::kFailScripts, ScriptEvent::kFreezeFail);
  } else {
    End(steps);
  }
}

// Runs the scripts of a state; where there are no scripts, the snapshot ends.
void QuiesceMachine::RunOrEnd(QuiesceSteps& steps, State state, ScriptEvent event) {
  if (!parts_.scripts) {
    End(steps);
    return;
  }
  state_ = state;
  steps.push_back({.kind = Kind::kRunScripts, .scripts = event});
}

void QuiesceMachine::End(QuiesceSteps& steps) {
  state_ = State::kDone;
  v1::QuiesceUpdate update;
  update.mutable_done();
  Send(steps, std::move(update));
}

}  // namespace toolboxd::snapshotd
