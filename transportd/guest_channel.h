// SPDX-License-Identifier: Apache-2.0

// GuestChannel: both channels to the host, and the thread that owns them.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_GUEST_CHANNEL_H_

#include <atomic>
#include <functional>

#include "absl/time/time.h"
#include "transportd/backdoor/port.h"
#include "transportd/routes/router.h"
#include "transportd/rpc/rpci_client.h"
#include "transportd/rpc/tclo_loop.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Fetches the host's commands, has the router answer them, and between polls runs what other
// threads have posted. Nothing of it is shared: everything runs on the thread that calls Run,
// unless noted.
class GuestChannel {
 public:
  // All must outlive the channel.
  GuestChannel(backdoor::Port* port, const Router* router, TaskQueue* queue, StatusBoard* board);

  // Requests to the host. Valid as long as the channel; to be called on its thread.
  RpciSend rpci();

  // The first attempt to open the channel is over, well or badly.
  void set_on_started(std::function<void()> on_started) { on_started_ = std::move(on_started); }

  // Gives memory back two seconds after the last call of this. On the channel's thread.
  void GiveBackMemoryLater();

  // Serves the host until the queue is stopped.
  void Run();

  // Whether the thread came round within `patience`. From any thread.
  bool Alive(absl::Duration patience) const;

 private:
  TcloAnswer Answer(absl::string_view request);
  void OnOpen();
  void OnError(const absl::Status& error);
  void Started();
  void ShowBandwidth();
  void GiveBackMemory();

  const Router& router_;
  TaskQueue& queue_;
  StatusBoard& board_;
  RpciClient rpci_;
  TcloLoop tclo_;
  std::function<void()> on_started_;
  bool bandwidth_shown_ = false;
  // When memory shall be given back; infinite if that is not due.
  absl::Time give_back_ = absl::InfiniteFuture();
  // When Run last came round, in nanoseconds of SteadyNow().
  std::atomic<int64_t> last_round_{0};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_CHANNEL_H_
