// SPDX-License-Identifier: Apache-2.0

// PowerClient: has powerd carry out power events.

#ifndef TOOLBOXD_TRANSPORTD_POWER_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_POWER_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "transportd/call_threads.h"
#include "transportd/routes/power.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Each event is one ChangeState call (proto/toolboxd/v1/power.proto) on its own thread and
// connection, which end with it: powerd exits when it has no connection. Not thread-safe.
class PowerClient {
 public:
  // Begin() is called on the queue's thread. Its owner must have stopped before the client is
  // destroyed.
  PowerClient(std::string socket, TaskQueue* queue, StatusBoard* board);
  // Cancels the calls that run; powerd finishes its event.
  ~PowerClient() = default;

  // See BeginPowerChange. DeadlineExceeded if powerd does not start the event within two seconds. A
  // power-on, for which powerd may not be there yet, has begun even then: it starts when powerd
  // does.
  absl::Status Begin(PowerState state, bool hooks, HooksFinished finished);

 private:
  struct Event;

  // These run on the event's thread.
  void Run(const std::shared_ptr<Event>& event);
  // True if a power-on must be tried again, which is until `end`.
  bool RunOnce(const std::shared_ptr<Event>& event, absl::Time end);

  const std::string socket_;
  TaskQueue& queue_;
  StatusBoard& board_;
  CallThreads threads_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POWER_CLIENT_H_
