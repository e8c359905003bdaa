// SPDX-License-Identifier: Apache-2.0

// A wall clock that a test may set. Without Abseil.

#ifndef TOOLBOXD_BASE_TESTING_STEPPED_CLOCK_H_
#define TOOLBOXD_BASE_TESTING_STEPPED_CLOCK_H_

#include <chrono>

namespace toolboxd {

// Sets the wall clock of this process forward, or back if `step` is negative: what programs read of
// CLOCK_REALTIME, and how long waits last that the kernel ends at a time of that clock, those that
// run among them. It replaces clock_gettime() and the futex calls of syscall() in a program that
// is linked with it, and reaches the machine's clock by neither. Thread-safe.
void StepClock(std::chrono::nanoseconds step);

// Waits of this process, until now, that the kernel would have ended by the wall clock.
int WaitsByWallClock();

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_STEPPED_CLOCK_H_
