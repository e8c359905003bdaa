// SPDX-License-Identifier: Apache-2.0

// EventSender: sends the events of a snapshot to the host, and keepAlive in between
// (docs/protocol/snapshot.md 8.1, 8.5).

#ifndef TOOLBOXD_TRANSPORTD_SNAPSHOT_EVENT_SENDER_H_
#define TOOLBOXD_TRANSPORTD_SNAPSHOT_EVENT_SENDER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "transportd/rpc/rpci.h"
#include "transportd/snapshot/events.h"

namespace toolboxd::snapshot {

// Thread-safe. keepAlive has a thread of its own, because the channel's thread may be in a call to
// a service when it is due.
class EventSender {
 public:
  // From one event to the keepAlive after it. Hosts are patient for 5 s or more and expect one
  // after 2.5 s; that leaves time to a busy machine.
  static constexpr absl::Duration kInterval = absl::Milliseconds(2400);

  // How long after its end a host that comes back still gets the end of a snapshot.
  static constexpr absl::Duration kResendTime = absl::Minutes(1);

  // Runs a task on the thread of keepAlive, not before a time of the clock.
  using RunAt = std::function<void(absl::Time time, std::function<void()> task)>;

  // `send` is called from any thread, one call at a time. The thread that runs the tasks must have
  // ended before the sender is destroyed. `keep_alive_refused` is called on it, and must not call
  // the sender.
  EventSender(RpciSend send, RunAt run_at, std::function<void()> keep_alive_refused,
              std::function<absl::Time()> clock = SteadyNow)
      : send_(std::move(send)),
        run_at_(std::move(run_at)),
        keep_alive_refused_(std::move(keep_alive_refused)),
        clock_(std::move(clock)) {}

  // Begins a snapshot with the event `reset`; from now on keepAlive is sent, whatever the result.
  // True if the host accepted the event, as with Send().
  bool Begin();
  // Nothing is sent, and false returned, outside of a snapshot.
  bool Send(const Event& event);
  // Ends the snapshot with `req.done`: nothing new is sent any more.
  void End();
  // The channel has come back: sends the errors, `req.aborted` and `req.done` that could not be
  // sent without it, in order. Outside of a snapshot for kResendTime only.
  void Resume();

  // Whether the host did not accept a keepAlive since Begin().
  bool keep_alive_refused() const;

 private:
  enum class Outcome { kAccepted, kRefused, kLost };

  // False, with a line in the log, if the host refuses the event or there is no channel.
  bool SendNow(const Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False as long as the channel is broken.
  bool SendUnsent() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Outcome Transmit(const Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepAlive(uint64_t events);

  const RpciSend send_;
  const RunAt run_at_;
  const std::function<void()> keep_alive_refused_;
  const std::function<absl::Time()> clock_;

  // Held while an event is on its way, so that events have an order and nothing follows the last.
  mutable absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool refused_ ABSL_GUARDED_BY(mutex_) = false;
  // Events since the start: a keepAlive is due if none has followed the one it was planned at.
  uint64_t events_ ABSL_GUARDED_BY(mutex_) = 0;
  // What the host must hear of the end, for which there was no channel: a few events.
  std::deque<Event> unsent_ ABSL_GUARDED_BY(mutex_);
  absl::Time ended_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::snapshot

#endif  // TOOLBOXD_TRANSPORTD_SNAPSHOT_EVENT_SENDER_H_
