// SPDX-License-Identifier: Apache-2.0

// SharedDeadline: one time limit for all calls that a thread makes for one request.

#ifndef TOOLBOXD_BASE_SHARED_DEADLINE_H_
#define TOOLBOXD_BASE_SHARED_DEADLINE_H_

#include "absl/time/time.h"

namespace toolboxd {

// While one exists, the time limits of its thread's calls, and of the steps of its streams, count
// from the first of them: all together take no longer than the longest limit among them, however
// many there are. Without one each counts from its own start. One inside another changes nothing.
class SharedDeadline {
 public:
  SharedDeadline();
  // Limits up to `ordinary` count as at most `instead`; longer ones stay as they are.
  SharedDeadline(absl::Duration ordinary, absl::Duration instead);
  ~SharedDeadline();
  SharedDeadline(const SharedDeadline&) = delete;
  SharedDeadline& operator=(const SharedDeadline&) = delete;

  // When something that begins now with this limit must be over, as SteadyNow() counts. May be
  // past.
  static absl::Time For(absl::Duration limit);

  // Of this thread's request: the time since its first call, and the longest limit so far; zero
  // before the first.
  static absl::Duration Waited();
  static absl::Duration Longest();

 private:
  const bool outermost_;
};

// The wall-clock time, which gRPC and absl::Mutex want, of a time of SteadyNow().
absl::Time ToWallClock(absl::Time steady);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_SHARED_DEADLINE_H_
