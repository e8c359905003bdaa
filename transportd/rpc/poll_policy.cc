// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/poll_policy.h"

#include <algorithm>

namespace toolboxd {
namespace {

constexpr absl::Duration kSpinTime = absl::Microseconds(200);
constexpr absl::Duration kEagerDelay = absl::Microseconds(100);
constexpr absl::Duration kEagerTime = absl::Milliseconds(1);
constexpr absl::Duration kBusyDelay = absl::Milliseconds(1);
constexpr absl::Duration kBusyTime = absl::Milliseconds(50);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(10);
constexpr absl::Duration kLastDelay = absl::Milliseconds(80);
constexpr absl::Duration kIdleDelay = absl::Milliseconds(104);

}  // namespace

absl::Duration PollPolicy::AfterCommand(Pace pace, absl::Time now) {
  if (pace == Pace::kGuestOperation) {
    spin_until_ = now + kSpinTime;
    eager_until_ = now + kEagerTime;
    busy_until_ = now + kBusyTime;
  }
  // A heartbeat in the middle of other work must not slow that work down.
  if (pace != Pace::kHeartbeat || delay_ >= kIdleDelay) {
    delay_ = kFirstDelay;
    double_ = pace != Pace::kHeartbeat;
  }
  return absl::ZeroDuration();
}

absl::Duration PollPolicy::AfterEmptyPoll(absl::Time now) {
  if (now < spin_until_) return absl::ZeroDuration();
  if (now < eager_until_) return kEagerDelay;
  if (now < busy_until_) return kBusyDelay;
  const absl::Duration delay = delay_;
  delay_ = double_ && delay_ < kLastDelay ? delay_ * 2 : kIdleDelay;
  return delay;
}

}  // namespace toolboxd
