// SPDX-License-Identifier: Apache-2.0

#include "base/shared_deadline.h"

#include "absl/time/clock.h"
#include "base/steady_time.h"

namespace toolboxd {
namespace {

// Of this thread's outermost SharedDeadline.
struct Request {
  bool exists = false;
  // When its first call began.
  absl::Time start = absl::InfiniteFuture();
};
thread_local Request request;

}  // namespace

SharedDeadline::SharedDeadline() : outermost_(!request.exists) { request.exists = true; }

SharedDeadline::~SharedDeadline() {
  if (outermost_) request = Request();
}

absl::Time SharedDeadline::For(absl::Duration limit) {
  const absl::Time now = SteadyNow();
  if (!request.exists) return now + limit;
  if (request.start == absl::InfiniteFuture()) request.start = now;
  return request.start + limit;
}

absl::Time ToWallClock(absl::Time steady) { return absl::Now() + (steady - SteadyNow()); }

}  // namespace toolboxd
