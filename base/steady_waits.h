// SPDX-License-Identifier: Apache-2.0

// Timeouts that no change of the wall clock makes longer or shorter.

#ifndef TOOLBOXD_BASE_STEADY_WAITS_H_
#define TOOLBOXD_BASE_STEADY_WAITS_H_

namespace toolboxd {

// Abseil 20220623 waits until a time of the wall clock, whatever was asked for: a clock that is set
// back by an hour makes each wait that runs an hour longer, and one that is set forward ends it at
// once. That concerns absl::Mutex, CondVar and Notification, and the timers of gRPC, which waits
// by them: the deadlines of its calls too.
//
// A program that calls this is linked with another semaphore below absl::Mutex, for the whole
// process: what is left of a timeout when its wait begins is waited for by CLOCK_MONOTONIC. A
// deadline that is given as a time is still compared with the clock's at that moment. The call
// itself does nothing.
void UseSteadyWaits();

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_STEADY_WAITS_H_
