// SPDX-License-Identifier: Apache-2.0

// GuestChannel: both channels to the host, and the thread that owns them.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_GUEST_CHANNEL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "transportd/routes/router.h"
#include "transportd/rpc/channel.h"
#include "transportd/rpc/rpci_client.h"
#include "transportd/rpc/tclo_loop.h"
#include "transportd/rpc/tclo_reply.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"
#include "transportd/trace/trace_hub.h"
#include "transportd/trim_schedule.h"

namespace toolboxd {

// Fetches the host's commands, has the router answer them, and between polls runs what other
// threads have posted. Everything runs on the thread that calls Run(), unless noted.
class GuestChannel {
 public:
  // All pointers must outlive the channel. The channels are used by this object alone, RPCI's by
  // any thread, one at a time. `trace` gets every request of both directions.
  GuestChannel(Channel* rpci, Channel* tclo, const Router* router, TaskQueue* queue,
               StatusBoard* board, trace::TraceHub* trace);

  // Sends requests to the host. Valid as long as the channel; may be used from any thread, one at a
  // time.
  RpciSend rpci();

  // Called once, when the first attempt to open the channel has succeeded or failed.
  void set_on_started(std::function<void()> on_started) { on_started_ = std::move(on_started); }

  // Called each time that the channel broke, before it is opened again.
  void set_on_broken(std::function<void()> on_broken) { on_broken_ = std::move(on_broken); }

  // Reports that another transport carries the TCLO channel now: RPCI is opened again too. Call it
  // on the channel's thread.
  void OnTransportChanged();
  // Reports that the host has sent `reset`. If that was not its first command on this channel, the
  // host has changed, as by a move of the machine. Handlers call it.
  void OnHostReset();

  // Reports a use of memory, after which what is unused returns to the system in time
  // (transportd/trim_schedule.h). Call it on the channel's thread.
  void TrimMemoryLater();

  // Serves the host until the queue is stopped.
  void Run();

  // Whether Run() has begun a round within the last `patience`. Thread-safe.
  bool Alive(absl::Duration patience) const;

 private:
  TcloReply Answer(absl::string_view request);
  absl::StatusOr<RpciReply> Send(absl::string_view request);
  void OnOpen();
  void OnError(const absl::Status& error);
  void Started();
  void ResetRpci();
  void ReportChannel();
  void NameTransport();
  void PostTrim();
  void TrimMemory();

  const Router& router_;
  TaskQueue& queue_;
  StatusBoard& board_;
  trace::TraceHub& trace_;
  // Held while a request is on its way.
  absl::Mutex rpci_mutex_;
  RpciClient rpci_ ABSL_GUARDED_BY(rpci_mutex_);
  Channel& tclo_channel_;
  TcloLoop tclo_;
  std::function<void()> on_started_;
  std::function<void()> on_broken_;
  // Commands since the channel was opened or changed.
  uint64_t commands_ = 0;
  // What the log said last.
  std::string named_;
  // What the board has.
  std::string rpci_channel_ ABSL_GUARDED_BY(rpci_mutex_);
  TrimSchedule trim_;
  // When the task that looks at trim_ is due; one that was posted for another time is void.
  absl::Time trim_task_at_ = absl::InfiniteFuture();
  // When Run() last began a round, in nanoseconds of SteadyNow(); 0 before the first.
  std::atomic<int64_t> last_round_{0};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_CHANNEL_H_
