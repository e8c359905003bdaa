// SPDX-License-Identifier: Apache-2.0

// QuiesceClient: has snapshotd quiesce the guest for a snapshot.

#ifndef TOOLBOXD_TRANSPORTD_QUIESCE_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_QUIESCE_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "transportd/call_threads.h"
#include "transportd/snapshot/quiescer.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

struct QuiesceLimits {
  // How long Begin() waits. The host waits meanwhile, and its `ping` is not answered.
  absl::Duration start = absl::Seconds(2);
  // The time between two signs of life to snapshotd, which takes the channel's thread for hung
  // after 10 s without one, and thaws.
  absl::Duration alive = absl::Milliseconds(2500);
  // How long snapshotd may take to say that everything is thawed: then it is asked to abort, and
  // after an abort it is given up. Its freezer thaws by itself.
  absl::Duration thaw = absl::Seconds(20);
  // A snapshotd that was given up but goes on may still have something frozen: the standstill lasts
  // until its call ends, or this long.
  absl::Duration given_up = absl::Minutes(15);
};

// Each snapshot is one Run call (proto/toolboxd/v1/quiesce.proto) on its own thread and connection,
// which end with it: snapshotd exits when it has no connection. Whatever becomes of snapshotd, a
// snapshot ends as Quiescer promises: one whose connection ends becomes an aborted one, and one
// that hangs after an abort becomes ABORTED_NOT_THAWED. After the latter, Begin() is UNAVAILABLE as
// long as the standstill lasts.
class QuiesceClient final : public snapshot::Quiescer {
 public:
  enum class Standstill { kBegins, kEnds };
  // Called on the channel's thread. Between the two, no thread of this process may wait for a disk.
  using OnStandstill = std::function<void(Standstill standstill)>;

  // All functions are called on the queue's thread. Its owner must have stopped before the client
  // is destroyed.
  QuiesceClient(std::string socket, TaskQueue* queue, StatusBoard* board,
                OnStandstill on_standstill, QuiesceLimits limits = {});
  // Cancels a snapshot that runs; snapshotd then thaws everything. No update follows.
  ~QuiesceClient() override;

  absl::Status Begin(const v1::QuiesceStart& start, OnUpdate on_update) override;
  void Proceed() override;
  void SnapshotDone() override;
  void Abort() override;
  void Wait(absl::Duration limit) override;

 private:
  struct Run;

  // --- on the thread of a run
  void Call(const std::shared_ptr<Run>& run);
  void Deliver(const std::shared_ptr<Run>& run, v1::QuiesceUpdate update);

  // --- on the channel's thread
  void TakePending(const std::shared_ptr<Run>& run);
  void Handle(const std::shared_ptr<Run>& run, const v1::QuiesceUpdate& update);
  void ExpectThaw();
  void SetStandstill(bool on);
  // Sends signs of life, and checks that snapshotd still gives some.
  void TickLater();
  void Tick();
  void GiveUp();
  void EndGivenUp();
  // The call has returned.
  void OnCallEnded(const std::shared_ptr<Run>& run);

  const std::string socket_;
  TaskQueue& queue_;
  StatusBoard& board_;
  const OnStandstill on_standstill_;
  const QuiesceLimits limits_;
  // The snapshot that runs; null if none does.
  std::shared_ptr<Run> current_;
  // A snapshot that was given up and whose call has not ended.
  std::shared_ptr<Run> given_up_;
  bool standstill_ = false;
  CallThreads threads_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_QUIESCE_CLIENT_H_
