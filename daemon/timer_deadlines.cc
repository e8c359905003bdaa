// SPDX-License-Identifier: Apache-2.0

#include "daemon/timer_deadlines.h"

#include <algorithm>

namespace toolboxd {

TimerDeadlines::Added TimerDeadlines::Add(const void* timer, int64_t deadline) {
  std::lock_guard<std::mutex> lock(mutex_);
  Forget(timer);
  const uint64_t number = ++steps_;
  by_timer_[timer] = {deadline, number};
  by_time_.emplace(deadline, timer);
  const bool look_again = deadline < wakes_at_;
  if (look_again) wakes_at_ = deadline;
  return {number, look_again};
}

void TimerDeadlines::Settle(const void* timer, uint64_t number) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_timer_.find(timer);
  if (found != by_timer_.end() && found->second.number == number) found->second.settled = ++steps_;
}

void TimerDeadlines::Remove(const void* timer) {
  std::lock_guard<std::mutex> lock(mutex_);
  Forget(timer);
}

uint64_t TimerDeadlines::BeginCheck() {
  std::lock_guard<std::mutex> lock(mutex_);
  return steps_;
}

int64_t TimerDeadlines::NextCheck(uint64_t check, int64_t now, int64_t proposed) {
  std::lock_guard<std::mutex> lock(mutex_);
  wakes_at_ = kNever;
  for (auto at = by_time_.begin(); at != by_time_.end();) {
    const auto [deadline, timer] = *at;
    if (deadline > now) {
      wakes_at_ = std::min(wakes_at_, deadline);
      break;
    }
    const auto entry = by_timer_.find(timer);
    const uint64_t settled = entry->second.settled;
    if (deadline >= proposed - 1) {
      wakes_at_ = std::min(wakes_at_, proposed);
      ++at;
    } else if (settled == 0 || settled > check) {
      // It came during the check, which may have missed it.
      wakes_at_ = std::min(wakes_at_, now + 1);
      ++at;
    } else {
      // It has fired.
      at = by_time_.erase(at);
      by_timer_.erase(entry);
    }
  }
  return wakes_at_;
}

size_t TimerDeadlines::size() {
  std::lock_guard<std::mutex> lock(mutex_);
  return by_timer_.size();
}

void TimerDeadlines::Forget(const void* timer) {
  const auto found = by_timer_.find(timer);
  if (found == by_timer_.end()) return;
  by_time_.erase({found->second.deadline, timer});
  by_timer_.erase(found);
}

}  // namespace toolboxd
