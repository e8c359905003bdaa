// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/poll_policy.h"

namespace toolboxd {

void PollPolicy::OnCommand(Pace pace, absl::Time now) {
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
