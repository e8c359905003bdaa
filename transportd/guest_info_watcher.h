// SPDX-License-Identifier: Apache-2.0

// GuestInfoWatcher: reads guestinfod's stream of snapshots for the channel's thread.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_WATCHER_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_WATCHER_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "toolboxd/v1/guest_info.pb.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Holds one Watch call on its own thread. If guestinfod is not there or ends the call, the watcher
// calls again after 50 ms, doubled up to 5 s, without limit in number.
class GuestInfoWatcher {
 public:
  using OnSnapshot = std::function<void(const v1::GuestInfoSnapshot&)>;

  // `on_snapshot` runs on the queue's thread. If snapshots come faster than it takes them, it gets
  // only the last one. The queue's owner must have stopped before the watcher is destroyed.
  GuestInfoWatcher(std::string socket, TaskQueue* queue, StatusBoard* board,
                   OnSnapshot on_snapshot);
  ~GuestInfoWatcher();

 private:
  void Loop();
  // Reads until the stream ends, with `result`. True if at least one snapshot came.
  bool WatchOnce(absl::Status& result);
  void Deliver(v1::GuestInfoSnapshot snapshot);
  void TakePending();
  // False if the watcher is being destroyed.
  bool Sleep(absl::Duration time);

  const std::string socket_;
  TaskQueue& queue_;
  StatusBoard& board_;
  const OnSnapshot on_snapshot_;

  // Guards the members below, for the watcher's thread, the queue's and the destructor.
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  // The call that runs, so that it can be cancelled.
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  // The snapshot that the channel's thread has not taken yet.
  std::unique_ptr<v1::GuestInfoSnapshot> pending_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_WATCHER_H_
