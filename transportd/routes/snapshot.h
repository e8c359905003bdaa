// SPDX-License-Identifier: Apache-2.0

// vmbackup.*: quiesced snapshots (docs/protocol/snapshot.md 8.1, 8.3, 8.6).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_SNAPSHOT_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_SNAPSHOT_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "toolboxd/v1/quiesce.pb.h"
#include "transportd/routes/router.h"
#include "transportd/snapshot/event_sender.h"
#include "transportd/snapshot/quiescer.h"
#include "transportd/snapshot/start_options.h"

namespace toolboxd {

// Answers vmbackup.start, .startWithOpts, .snapshotDone, .snapshotCompleted and .abort, and sends
// what comes of them. The host has accepted `reset` before anything is frozen, and `req.done` comes
// once and last, whatever happens in between. Not thread-safe: used on the channel's thread. Must
// outlive the router.
class SnapshotRoutes {
 public:
  // Both pointers must outlive this object.
  SnapshotRoutes(snapshot::Quiescer* quiescer, snapshot::EventSender* events)
      : quiescer_(*quiescer), events_(*events) {}
  void AddTo(Router& router);

  // The host has started again, or its channel broke: a snapshot that is not taken yet ends thawed,
  // and what can still be sent is sent.
  void OnHostLost();
  // The same, unless the snapshot in which the host refused a keepAlive is over.
  void OnKeepAliveRefused();

  // Before the process ends: the same, and waits for the end of the snapshot, at most `limit`.
  // Afterwards the host has `req.done`.
  void Stop(absl::Duration limit);

 private:
  enum class State {
    kIdle,
    // Scripts run, file systems freeze.
    kFreezing,
    // The host takes its snapshot.
    kFrozen,
    // The host has its snapshot.
    kThawing,
    // There will be no snapshot.
    kEnding,
  };

  TcloReply Start(const snapshot::StartOptions& options);
  TcloReply StartWithOptions(absl::string_view blob);
  TcloReply OnSnapshotDone();
  TcloReply OnAbort();

  void OnUpdate(const v1::QuiesceUpdate& update);
  void OnFrozen(const v1::QuiesceUpdate& update);
  void OnThawed(const v1::QuiesceUpdate::FileSystemsThawed& thawed);
  void OnFailure(const v1::QuiesceUpdate& update);
  void OnDone();

  // The next step begins when the host has the reply, so that no event overtakes it.
  TcloReply OkThenContinue();

  // There will be no snapshot; `req.aborted` follows when everything is thawed.
  void Abandon(absl::string_view why);
  // The same, at once.
  void Abort(absl::string_view why);
  bool Taking() const { return state_ == State::kFreezing || state_ == State::kFrozen; }

  snapshot::Quiescer& quiescer_;
  snapshot::EventSender& events_;

  State state_ = State::kIdle;
  // Whether the host wants a manifest.
  bool manifest_ = false;
  // Whether `req.aborted` must be sent before the end, and whether it was.
  bool owes_aborted_ = false;
  bool sent_aborted_ = false;
  // The host refused the commit: it gets nothing but `req.done`.
  bool refused_commit_ = false;
  // From the first freeze to the last, and from then until the host had the commit.
  absl::Duration freeze_time_;
  absl::Duration commit_delay_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_SNAPSHOT_H_
