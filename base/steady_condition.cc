// SPDX-License-Identifier: Apache-2.0

#include "base/steady_condition.h"

#include <time.h>

#include <algorithm>

namespace toolboxd {

SteadyCondition::SteadyCondition() {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition_, &attributes);
  pthread_condattr_destroy(&attributes);
}

SteadyCondition::~SteadyCondition() { pthread_cond_destroy(&condition_); }

void SteadyCondition::NotifyOne() { pthread_cond_signal(&condition_); }

void SteadyCondition::Wait(std::unique_lock<std::mutex>& lock) {
  pthread_cond_wait(&condition_, lock.mutex()->native_handle());
}

void SteadyCondition::WaitUntil(std::unique_lock<std::mutex>& lock,
                                std::chrono::steady_clock::time_point time) {
  // libstdc++'s steady clock is CLOCK_MONOTONIC. Times before its start are over.
  const auto since = std::max(time.time_since_epoch(), std::chrono::steady_clock::duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  timespec until;
  until.tv_sec = seconds.count();
  until.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
  pthread_cond_timedwait(&condition_, lock.mutex()->native_handle(), &until);
}

}  // namespace toolboxd
