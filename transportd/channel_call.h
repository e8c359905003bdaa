// SPDX-License-Identifier: Apache-2.0

// Asking the channel's thread from another one.

#ifndef TOOLBOXD_TRANSPORTD_CHANNEL_CALL_H_
#define TOOLBOXD_TRANSPORTD_CHANNEL_CALL_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// How often a call that waits asks whether its caller has given it up: well within the time for
// which the gate counts such a call (kAfterReset of daemon/caller_gate.h).
constexpr absl::Duration kGivenUpCheck = absl::Milliseconds(100);

// Runs `task` on the queue's thread, between two requests of the host, and waits for it until
// `deadline` of the wall clock; DEADLINE_EXCEEDED afterwards, and CANCELLED once `given_up` is
// true. A task that has not begun then never runs: otherwise callers that give up at once could
// leave any number. One that has begun runs on: it must hold what it uses. `Result` must be
// movable.
template <typename Result>
absl::StatusOr<Result> CallOnChannel(TaskQueue& queue, absl::Time deadline,
                                     const std::function<bool()>& given_up,
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
  while (!exchange->done.WaitForNotificationWithDeadline(
      std::min(deadline, absl::Now() + kGivenUpCheck))) {
    const bool is_late = absl::Now() >= deadline;
    if (!is_late && !given_up()) continue;
    queue.Withdraw(number);
    if (!is_late) return absl::CancelledError("the caller has given the call up");
    return absl::DeadlineExceededError(
        "the channel to the host is busy: the host has not answered within the time limit");
  }
  return *std::move(exchange->result);
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_CHANNEL_CALL_H_
