// SPDX-License-Identifier: Apache-2.0

#include "base/steady_waits.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>

#include "absl/base/config.h"
#include "absl/base/internal/thread_identity.h"
#include "absl/synchronization/internal/create_thread_identity.h"
#include "absl/synchronization/internal/kernel_timeout.h"
#include "absl/synchronization/internal/per_thread_sem.h"

namespace toolboxd {
namespace {

using absl::base_internal::ThreadIdentity;
using absl::synchronization_internal::KernelTimeout;

constexpr int64_t kSecond = 1000000000;
// Longer waits end after this time: the sum with the clock must not overflow.
constexpr int64_t kLongest = kSecond * 86400 * 365 * 100;

// The semaphore of a thread: how many wake-ups it has not taken. Abseil's own, which begins with
// zero too, is in the same place and is not used.
std::atomic<int32_t>& CountOf(ThreadIdentity* thread) {
  static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t));
  return *reinterpret_cast<std::atomic<int32_t>*>(thread->waiter_state.data);
}

int64_t Nanoseconds(const timespec& time) {
  return int64_t{std::min<time_t>(time.tv_sec, INT64_MAX / kSecond - 1)} * kSecond + time.tv_nsec;
}

int64_t Now(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return Nanoseconds(now);
}

// When CLOCK_MONOTONIC shows that the wait is over.
timespec SteadyEnd(KernelTimeout timeout) {
  const int64_t left = Nanoseconds(timeout.MakeAbsTimespec()) - Now(CLOCK_REALTIME);
  const int64_t end = Now(CLOCK_MONOTONIC) + std::clamp<int64_t>(left, 0, kLongest);
  return {.tv_sec = end / kSecond, .tv_nsec = end % kSecond};
}

bool Take(std::atomic<int32_t>& count) {
  int32_t value = count.load(std::memory_order_relaxed);
  while (value != 0) {
    if (count.compare_exchange_weak(value, value - 1, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

// False if the time is over.
bool Sleep(std::atomic<int32_t>& count, const timespec* end) {
  const long woken = syscall(SYS_futex, &count, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, end,
                             nullptr, FUTEX_BITSET_MATCH_ANY);
  return woken == 0 || errno != ETIMEDOUT;
}

bool WaitFor(std::atomic<int32_t>& count, KernelTimeout timeout) {
  if (Take(count)) return true;
  timespec end = {};
  if (timeout.has_timeout()) end = SteadyEnd(timeout);
  while (Sleep(count, timeout.has_timeout() ? &end : nullptr)) {
    if (Take(count)) return true;
  }
  return Take(count);
}

}  // namespace

void UseSteadyWaits() {}

}  // namespace toolboxd

// Abseil's extension points, in place of its own (absl/synchronization/internal/per_thread_sem.h).
extern "C" {

void ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemPost)(
    absl::base_internal::ThreadIdentity* identity) {
  std::atomic<int32_t>& count = toolboxd::CountOf(identity);
  if (count.fetch_add(1, std::memory_order_release) == 0) {
    syscall(SYS_futex, &count, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
  }
}

bool ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemWait)(
    absl::synchronization_internal::KernelTimeout t) {
  // Callers use errno of their own.
  const int before = errno;
  const bool woken = toolboxd::WaitFor(
      toolboxd::CountOf(absl::synchronization_internal::GetOrCreateCurrentThreadIdentity()), t);
  errno = before;
  return woken;
}

}  // extern "C"
