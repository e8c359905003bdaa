// SPDX-License-Identifier: Apache-2.0

// One snapshot on real time: the machine of quiesce_machine.h, with its clock and its threads.

#ifndef TOOLBOXD_SNAPSHOTD_SNAPSHOT_RUN_H_
#define TOOLBOXD_SNAPSHOTD_SNAPSHOT_RUN_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/stop_signal.h"
#include "snapshotd/quiesce_machine.h"
#include "snapshotd/snapshot_backend.h"
#include "toolboxd/v1/quiesce.pb.h"

namespace toolboxd::snapshotd {

struct SnapshotTimes {
  // How long the whole snapshot may take, from proceed on.
  absl::Duration limit = absl::Minutes(15);
  // How long the caller may be silent.
  absl::Duration silence = absl::Seconds(10);
  // The time between two signs of life to the freezer.
  absl::Duration hold = absl::Seconds(2);
};

// The thread of Run() owns the machine; what the back end does runs on a second thread, one thing
// at a time. The other functions are thread-safe and return at once.
class SnapshotRun {
 public:
  // `send` is called on Run()'s thread. The back end must outlive the run.
  SnapshotRun(QuiesceMachine::Parts parts, SnapshotTimes times, SnapshotBackend* backend,
              std::function<void(const v1::QuiesceUpdate&)> send);
  ~SnapshotRun();

  // Returns when `done` has been sent.
  void Run();

  // Takes a message of the caller.
  void Take(const v1::QuiesceRequest& request);
  // Ends the snapshot. `why` is for a log.
  void Abort(std::string why);

 private:
  using Event = std::function<QuiesceSteps()>;

  void Post(Event event);
  // The next event; null when it is time for a timer.
  Event Next();
  absl::Time NextTimer() const;
  QuiesceSteps RunTimers();
  void Do(const QuiesceSteps& steps);
  void Do(const QuiesceStep& step);
  void SendManifest();
  // Runs the work on the second thread. The work posts its end as the last thing it does.
  void StartWork(std::function<void(const StopSignal& stop)> work);
  void Work(const QuiesceStep& step, const StopSignal& stop);

  const SnapshotTimes times_;
  SnapshotBackend& backend_;
  const std::function<void(const v1::QuiesceUpdate&)> send_;

  // Used by Run()'s thread only.
  QuiesceMachine machine_;
  absl::Time limit_at_ = absl::InfiniteFuture();
  absl::Time silent_at_ = absl::InfiniteFuture();
  absl::Time hold_at_ = absl::InfiniteFuture();
  std::unique_ptr<StopSignal> work_stop_;
  std::thread worker_;

  absl::Mutex mutex_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_SNAPSHOT_RUN_H_
