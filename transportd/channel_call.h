// SPDX-License-Identifier: Apache-2.0

// Asking the channel's thread from another one.

#ifndef TOOLBOXD_TRANSPORTD_CHANNEL_CALL_H_
#define TOOLBOXD_TRANSPORTD_CHANNEL_CALL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Runs `task` on the queue's thread, between two requests of the host, and waits for it until
// `deadline` of the wall clock; DEADLINE_EXCEEDED afterwards. A task that has not begun then never
// runs: otherwise callers that give up at once could leave any number. One that has begun runs on:
// it must hold what it uses. `Result` must be movable.
template <typename Result>
absl::StatusOr<Result> CallOnChannel(TaskQueue& queue, absl::Time deadline,
                                     std::function<Result()> task) {
  // Shared, because this call may return first.
  struct Exchange {
    std::optional<Result> result;
    absl::Notification done;
  };
  const auto exchange = std::make_shared<Exchange>();
  const uint64_t number = queue.Post([exchange, task = std::move(task)] {
    exchange->result.emplace(task());
    exchange->done.Notify();
  });
  if (!exchange->done.WaitForNotificationWithDeadline(deadline)) {
    queue.Withdraw(number);
    return absl::DeadlineExceededError(
        "the channel to the host is busy: the host has not answered within the time limit");
  }
  return *std::move(exchange->result);
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_CHANNEL_CALL_H_
