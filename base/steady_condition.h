// SPDX-License-Identifier: Apache-2.0

// A condition variable whose waits are neither shortened nor prolonged by a change of the wall
// clock. Without Abseil.

#ifndef TOOLBOXD_BASE_STEADY_CONDITION_H_
#define TOOLBOXD_BASE_STEADY_CONDITION_H_

#include <pthread.h>

#include <chrono>
#include <mutex>

namespace toolboxd {

// Like std::condition_variable, which needs pthread_cond_clockwait(3) of glibc 2.30 for that.
class SteadyCondition {
 public:
  SteadyCondition();
  ~SteadyCondition();
  SteadyCondition(const SteadyCondition&) = delete;
  SteadyCondition& operator=(const SteadyCondition&) = delete;

  void NotifyOne();
  // The lock is held before and after. Both may return spuriously.
  void Wait(std::unique_lock<std::mutex>& lock);
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point time);

 private:
  pthread_cond_t condition_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_STEADY_CONDITION_H_
