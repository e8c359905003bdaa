// SPDX-License-Identifier: Apache-2.0

// SharedDeadline: one time limit for all calls that a thread makes for one request.

#ifndef TOOLBOXD_BASE_SHARED_DEADLINE_H_
#define TOOLBOXD_BASE_SHARED_DEADLINE_H_

#include "absl/time/time.h"

namespace toolboxd {

// While an object of this class exists, the time limits of its thread's calls, and of the steps of
// its streams, count from the first of them: all together take no longer than the longest limit
// among them, however many there are. Without an object, each limit counts from its own start. An
// object inside another changes nothing.
class SharedDeadline {
 public:
  SharedDeadline();
  // Limits up to `ordinary` count as at most `instead`; longer ones stay as they are.
  SharedDeadline(absl::Duration ordinary, absl::Duration instead);
  ~SharedDeadline();
  SharedDeadline(const SharedDeadline&) = delete;
  SharedDeadline& operator=(const SharedDeadline&) = delete;

  // When an operation that begins now with this limit must be over, by SteadyNow(). May be in the
  // past.
  static absl::Time For(absl::Duration limit);

  // For this thread's request: the time since its first call, and the longest limit so far; zero
  // before the first.
  static absl::Duration Waited();
  static absl::Duration Longest();

 private:
  const bool outermost_;
};

// Converts a time of SteadyNow() to wall-clock time, which gRPC and absl::Mutex take.
absl::Time ToWallClock(absl::Time steady);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_SHARED_DEADLINE_H_
