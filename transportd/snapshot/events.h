// SPDX-License-Identifier: Apache-2.0

// The events of a quiesced snapshot, as the host gets them (docs/protocol/snapshot.md 8.2).

#ifndef TOOLBOXD_TRANSPORTD_SNAPSHOT_EVENTS_H_
#define TOOLBOXD_TRANSPORTD_SNAPSHOT_EVENTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd::snapshot {

// The numbers are the host's.
enum class EventCode {
  kSuccess = 0,
  kScriptError = 2,
  kSyncError = 3,
  kAborted = 4,
  kUnexpected = 5
};

struct Event {
  absl::string_view name;
  EventCode code = EventCode::kSuccess;
  // Users see that of an error in vSphere.
  std::string text;

  friend bool operator==(const Event& left, const Event& right) {
    return left.name == right.name && left.code == right.code && left.text == right.text;
  }
};

constexpr absl::string_view kResetEvent = "reset";
constexpr absl::string_view kCommitEvent = "prov.snapshotCommit";
constexpr absl::string_view kKeepAliveEvent = "req.keepAlive";
constexpr absl::string_view kManifestEvent = "req.genericManifest";
constexpr absl::string_view kErrorEvent = "req.error";
constexpr absl::string_view kAbortedEvent = "req.aborted";
constexpr absl::string_view kDoneEvent = "req.done";

// The RPCI request: "vmbackup.eventSet NAME CODE TEXT", ended by a NUL, which is sent.
std::string Encode(const Event& event);

// The event of a snapshot that was given up and is thawed.
Event AbortedEvent();

// What an update of snapshotd means to the host, in order: nothing for `ready` and `thawed`. Pure:
// whether it is sent is the matter of transportd/routes/snapshot.h.
std::vector<Event> EventsOf(const v1::QuiesceUpdate& update);

}  // namespace toolboxd::snapshot

#endif  // TOOLBOXD_TRANSPORTD_SNAPSHOT_EVENTS_H_
