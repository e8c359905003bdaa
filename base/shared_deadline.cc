// SPDX-License-Identifier: Apache-2.0

#include "base/shared_deadline.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/steady_time.h"

namespace toolboxd {
namespace {

// What this thread's outermost SharedDeadline has counted.
struct Request {
  bool exists = false;
  // When its first call began.
  absl::Time start = absl::InfiniteFuture();
  absl::Duration longest = absl::ZeroDuration();
  absl::Duration ordinary;
  absl::Duration instead;
};
thread_local Request request;

}  // namespace

SharedDeadline::SharedDeadline() : SharedDeadline(absl::ZeroDuration(), absl::ZeroDuration()) {}

SharedDeadline::SharedDeadline(absl::Duration ordinary, absl::Duration instead)
    : outermost_(!request.exists) {
  if (outermost_) request = {.exists = true, .ordinary = ordinary, .instead = instead};
}

SharedDeadline::~SharedDeadline() {
  if (outermost_) request = Request();
}

absl::Time SharedDeadline::For(absl::Duration limit) {
  const absl::Time now = SteadyNow();
  if (!request.exists) return now + limit;
  if (limit <= request.ordinary) limit = std::min(limit, request.instead);
  if (request.start == absl::InfiniteFuture()) request.start = now;
  request.longest = std::max(request.longest, limit);
  return request.start + limit;
}

absl::Duration SharedDeadline::Waited() {
  return std::max(SteadyNow() - request.start, absl::ZeroDuration());
}

absl::Duration SharedDeadline::Longest() { return request.longest; }

absl::Time ToWallClock(absl::Time steady) { return absl::Now() + (steady - SteadyNow()); }

}  // namespace toolboxd
