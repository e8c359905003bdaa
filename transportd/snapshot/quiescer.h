// SPDX-License-Identifier: Apache-2.0

// Quiescer: makes the guest's file systems stand still.

#ifndef TOOLBOXD_TRANSPORTD_SNAPSHOT_QUIESCER_H_
#define TOOLBOXD_TRANSPORTD_SNAPSHOT_QUIESCER_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd::snapshot {

// One snapshot at a time; the steps are those of proto/toolboxd/v1/quiesce.proto. Not thread-safe:
// used on the channel's thread.
class Quiescer {
 public:
  // Called on the channel's thread with each update after `ready`. `failure` comes at most once,
  // `done` always, once and last, even if the service hangs or dies.
  using OnUpdate = std::function<void(const v1::QuiesceUpdate& update)>;

  virtual ~Quiescer() = default;

  // Waits until the snapshot can begin, for about two seconds at most. FailedPrecondition if
  // another one runs; after an error `on_update` is not called.
  virtual absl::Status Begin(const v1::QuiesceStart& start, OnUpdate on_update) = 0;

  // The next steps. Each returns at once, and does nothing when it is too late.
  virtual void Proceed() = 0;
  virtual void SnapshotDone() = 0;
  virtual void Abort() = 0;

  // Waits for an update, at most `limit`, and delivers those that have come: for callers that
  // cannot return to the channel's loop.
  virtual void Wait(absl::Duration limit) = 0;
};

}  // namespace toolboxd::snapshot

#endif  // TOOLBOXD_TRANSPORTD_SNAPSHOT_QUIESCER_H_
