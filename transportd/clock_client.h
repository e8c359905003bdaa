// SPDX-License-Identifier: Apache-2.0

// ClockClient: has clockd set the clock.

#ifndef TOOLBOXD_TRANSPORTD_CLOCK_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_CLOCK_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "transportd/call_threads.h"
#include "transportd/host_time/clock_setter.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

struct ClockLimits {
  // How long Step() waits. The host waits meanwhile, and its `ping` is not answered.
  absl::Duration step = absl::Seconds(2);
  // How long Step() fails at once after it has waited in vain.
  absl::Duration pause = absl::Minutes(1);
  // How long GetStatus() waits.
  absl::Duration status = absl::Seconds(2);
};

// A step is one call on a connection of its own; a rate is a call with its own thread, as long as
// the clock has that rate. clockd exits when it has no connection.
class ClockClient final : public host_time::ClockSetter {
 public:
  // All functions but GetStatus() are called on the queue's thread. Its owner must have stopped
  // before the client is destroyed. The destructor ends the rate.
  ClockClient(std::string socket, TaskQueue* queue, StatusBoard* board, ClockLimits limits = {});

  absl::Status Step(const v1::StepRequest& request) override;
  void Slew(const v1::SlewRequest& rate, OnSlewEnd on_end) override;
  void EndSlew() override;

  // What clockd reports about the clock, by a call with this context. Thread-safe; waits.
  absl::StatusOr<v1::ClockStatus> GetStatus(grpc::ClientContext& context) const;

 private:
  struct Rate;

  // On the thread of a rate.
  void Run(const std::shared_ptr<Rate>& rate);
  absl::Status Serve(Rate& rate) const;

  void OnEnd(const std::shared_ptr<Rate>& rate, const absl::Status& status);

  const std::string socket_;
  TaskQueue& queue_;
  StatusBoard& board_;
  const ClockLimits limits_;
  // Null while the clock has its own rate.
  std::shared_ptr<Rate> current_;
  // By SteadyNow(): until then Step() fails at once.
  absl::Time paused_until_ = absl::InfinitePast();
  // Last: its threads use the others.
  CallThreads threads_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_CLOCK_CLIENT_H_
