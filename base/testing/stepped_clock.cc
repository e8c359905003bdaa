// SPDX-License-Identifier: Apache-2.0

#include "base/testing/stepped_clock.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>

namespace toolboxd {
namespace {

constexpr int64_t kSecond = 1000000000;
// How soon a wait by the wall clock learns that the clock was set.
constexpr int64_t kSlice = kSecond / 500;

std::atomic<int64_t> step_total{0};
std::atomic<int> waits_by_wall_clock{0};

using Syscall = long (*)(long number, ...);
using ClockGettime = int (*)(clockid_t clock, timespec* time);

Syscall RealSyscall() {
  static const auto real = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
  return real;
}

int ReadRealClock(clockid_t clock, timespec* time) {
  static const auto real = reinterpret_cast<ClockGettime>(dlsym(RTLD_NEXT, "clock_gettime"));
  return real(clock, time);
}

int64_t ToNanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

timespec ToTimespec(int64_t time) { return {.tv_sec = time / kSecond, .tv_nsec = time % kSecond}; }

// FUTEX_WAIT_BITSET until a time of the clock as this process sees it.
long WaitByWallClock(long address, long operation, long value, const timespec& end) {
  ++waits_by_wall_clock;
  for (;;) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ToNanoseconds(now) >= ToNanoseconds(end)) {
      errno = ETIMEDOUT;
      return -1;
    }
    ReadRealClock(CLOCK_MONOTONIC, &now);
    const timespec slice = ToTimespec(ToNanoseconds(now) + kSlice);
    const long woken = RealSyscall()(SYS_futex, address, operation & ~FUTEX_CLOCK_REALTIME, value,
                                     &slice, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (woken == 0 || errno != ETIMEDOUT) return woken;
  }
}

}  // namespace

void StepClock(std::chrono::nanoseconds step) { step_total += step.count(); }

int WaitsByWallClock() { return waits_by_wall_clock; }

}  // namespace toolboxd

// In place of the C library's.
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  const int result = toolboxd::ReadRealClock(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) {
    *time = toolboxd::ToTimespec(toolboxd::ToNanoseconds(*time) + toolboxd::step_total);
  }
  return result;
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  const auto* end = reinterpret_cast<const timespec*>(arguments[3]);
  const long operation = arguments[1];
  if (number == SYS_futex && (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET &&
      (operation & FUTEX_CLOCK_REALTIME) != 0 && end != nullptr) {
    return toolboxd::WaitByWallClock(arguments[0], operation, arguments[2], *end);
  }
  return toolboxd::RealSyscall()(number, arguments[0], arguments[1], arguments[2], arguments[3],
                                 arguments[4], arguments[5]);
}

}  // extern "C"
