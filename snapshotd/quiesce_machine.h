// SPDX-License-Identifier: Apache-2.0

// The course of one quiesced snapshot (docs/protocol/snapshot.md 8.3, 8.6), without what it needs:
// no clock, no thread, no system call.

#ifndef TOOLBOXD_SNAPSHOTD_QUIESCE_MACHINE_H_
#define TOOLBOXD_SNAPSHOTD_QUIESCE_MACHINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "snapshotd/script_event.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd::snapshotd {

// What the caller of the machine does next.
struct QuiesceStep {
  enum class Kind {
    // Start the scripts of `scripts`; ScriptsEnded() later.
    kRunScripts,
    // End the scripts that run; ScriptsEnded() follows all the same.
    kStopScripts,
    // Freeze the file systems; FreezeEnded() later.
    kFreeze,
    // End the freeze that runs, thawing what it froze; FreezeEnded() follows all the same.
    kCancelFreeze,
    // Thaw; ThawEnded() later.
    kThaw,
    kWriteManifest,
    // Send `update` to the caller of the snapshot.
    kSend,
  };
  Kind kind;
  ScriptEvent scripts = ScriptEvent::kFreeze;
  v1::QuiesceUpdate update = {};
};
using QuiesceSteps = std::vector<QuiesceStep>;

// One snapshot from Proceed() to its `done`. Each function returns the steps that follow from an
// event, in order; an event that does not belong to the state has none. Whatever comes in whatever
// order, `done` is sent once and last, and after it nothing is frozen that could be thawed. Not
// thread-safe.
class QuiesceMachine {
 public:
  struct Parts {
    bool file_systems = false;
    bool scripts = false;
    bool manifest = false;
  };
  explicit QuiesceMachine(Parts parts) : parts_(parts) {}

  // The caller permits the snapshot to begin.
  QuiesceSteps Proceed();
  // The host has its snapshot.
  QuiesceSteps SnapshotDone();
  // The host, or the loss of the host, ends the snapshot. `why` is for a log. Scripts after the
  // snapshot run to their end all the same: they start services again.
  QuiesceSteps Abort(absl::string_view why);

  // UNAVAILABLE means that they were not started.
  QuiesceSteps ScriptsEnded(const absl::Status& status);
  // After an error nothing is frozen.
  QuiesceSteps FreezeEnded(const absl::Status& status, const v1::QuiesceUpdate::FileSystemsFrozen&);
  QuiesceSteps ThawEnded(const absl::Status& status, const v1::QuiesceUpdate::FileSystemsThawed&);
  // What was frozen is thawed although it was not requested: the freezer died or gave up.
  QuiesceSteps FreezerLost(absl::string_view why);

  // Whether `done` was sent.
  bool done() const { return state_ == State::kDone; }
  // Whether file systems may be frozen: nothing may touch a disk.
  bool may_be_frozen() const {
    return parts_.file_systems &&
           (state_ == State::kFreezing || state_ == State::kFrozen || state_ == State::kThawing);
  }
  // Whether the caller must give signs of life.
  bool needs_caller() const { return state_ < State::kThawScripts; }

 private:
  enum class State {
    kReady,
    kFreezeScripts,
    kFreezing,
    kFrozen,
    kThawing,
    kThawScripts,
    kFailScripts,
    kDone,
  };

  // Each of these enters a state and adds the steps that belong to it.
  void BeginFreeze(QuiesceSteps& steps);
  void BeginThaw(QuiesceSteps& steps);
  void Fail(QuiesceSteps& steps, v1::QuiesceFailure::Kind kind, absl::string_view message);
  void RunOrEnd(QuiesceSteps& steps, State state, ScriptEvent event);
  void End(QuiesceSteps& steps);

  const Parts parts_;
  State state_ = State::kReady;
  // Scripts before the freeze have been started, so after a failure those for that case must run.
  bool scripts_started_ = false;
  // Why the snapshot was aborted; meaningful if aborted_.
  bool aborted_ = false;
  std::string abort_reason_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_QUIESCE_MACHINE_H_
