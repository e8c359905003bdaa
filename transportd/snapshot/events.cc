// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/events.h"

#include "absl/strings/str_cat.h"

namespace toolboxd::snapshot {
namespace {

// A script failed: its own error, and that of the step it belongs to.
std::vector<Event> ScriptErrors(absl::string_view step) {
  return {{kErrorEvent, EventCode::kScriptError, "Custom quiesce script failed."},
          {kErrorEvent, EventCode::kUnexpected, absl::StrCat("'", step, "' operation failed.")}};
}

std::vector<Event> EventsOfFailure(v1::QuiesceFailure::Kind kind) {
  switch (kind) {
    case v1::QuiesceFailure::FREEZE_SCRIPT_FAILED:
      return ScriptErrors("VmBackupOnFreeze");
    case v1::QuiesceFailure::THAW_SCRIPT_FAILED:
      return ScriptErrors("VmBackupOnThaw");
    case v1::QuiesceFailure::SCRIPTS_NOT_STARTED:
      return {
          {kErrorEvent, EventCode::kScriptError, "Error when starting custom quiesce scripts."}};
    case v1::QuiesceFailure::FREEZE_FAILED:
      return {{kErrorEvent, EventCode::kSyncError, "Error when enabling the sync provider."}};
    case v1::QuiesceFailure::THAW_FAILED:
      return {{kErrorEvent, EventCode::kSyncError, "Error when notifying the sync provider."}};
    case v1::QuiesceFailure::ABORTED_NOT_THAWED:
      return {{kAbortedEvent, EventCode::kAborted, "Quiesce could not be canceled."}};
    default:
      return {AbortedEvent()};
  }
}

}  // namespace

std::string Encode(const Event& event) {
  return absl::StrCat("vmbackup.eventSet ", event.name, " ", static_cast<int>(event.code), " ",
                      event.text, absl::string_view("\0", 1));
}

Event AbortedEvent() { return {kAbortedEvent, EventCode::kAborted, "Quiesce canceled."}; }

std::vector<Event> EventsOf(const v1::QuiesceUpdate& update) {
  switch (update.step_case()) {
    case v1::QuiesceUpdate::kFrozen:
      return {{kCommitEvent, EventCode::kSuccess, ""}};
    case v1::QuiesceUpdate::kManifest:
      return {{kManifestEvent, EventCode::kSuccess, update.manifest().path()}};
    case v1::QuiesceUpdate::kFailure:
      return EventsOfFailure(update.failure().kind());
    case v1::QuiesceUpdate::kDone:
      return {{kDoneEvent, EventCode::kSuccess, ""}};
    default:
      return {};
  }
}

}  // namespace toolboxd::snapshot
