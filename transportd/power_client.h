// SPDX-License-Identifier: Apache-2.0

// PowerClient: power events carried out by powerd.

#ifndef TOOLBOXD_TRANSPORTD_POWER_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_POWER_CLIENT_H_

#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "transportd/routes/power.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Each event is one ChangeState call (proto/toolboxd/v1/power.proto) on a thread and a
// connection of its own, which are gone when it ends: powerd exits when nobody is connected.
class PowerClient {
 public:
  // queue's thread is the one that calls Begin. Its owner must have stopped before the client
  // is destroyed.
  PowerClient(std::string socket, TaskQueue* queue, StatusBoard* board);
  // Cancels the calls that run; powerd goes on with its event.
  ~PowerClient();

  // See BeginPowerChange. DeadlineExceeded if powerd does not start the event in two seconds.
  absl::Status Begin(PowerState state, bool hooks, HooksFinished finished);

 private:
  struct Event;
  struct Worker {
    std::shared_ptr<Event> event;
    std::thread thread;
  };

  // On the event's thread.
  void Run(Event& event);
  void JoinEnded();

  const std::string socket_;
  TaskQueue& queue_;
  StatusBoard& board_;
  // Used by queue's thread and the destructor only.
  std::list<Worker> workers_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POWER_CLIENT_H_
