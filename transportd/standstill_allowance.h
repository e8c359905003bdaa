// SPDX-License-Identifier: Apache-2.0

// StandstillAllowance: how long callers of the control socket may have transportd stand still.

#ifndef TOOLBOXD_TRANSPORTD_STANDSTILL_ALLOWANCE_H_
#define TOOLBOXD_TRANSPORTD_STANDSTILL_ALLOWANCE_H_

#include <algorithm>
#include <utility>

#include "absl/time/time.h"

namespace toolboxd {

// While transportd stands still, guest operations are refused and a long log is cut. So whoever may
// use the socket has kMost at once, and a tenth of the time in the long run. Times are of one clock
// that does not go back. Not thread-safe.
class StandstillAllowance {
 public:
  static constexpr absl::Duration kMost = absl::Minutes(2);
  static constexpr int kShare = 10;
  // What a call takes at least, so that many short ones are few.
  static constexpr absl::Duration kLeast = absl::Seconds(1);

  // Takes all that is left, for a call that begins; nothing if that is less than kLeast.
  absl::Duration Take(absl::Time now) {
    Refill(now);
    if (left_ < kLeast) return absl::ZeroDuration();
    return std::exchange(left_, absl::ZeroDuration());
  }
  // The call that took `taken` has ended, and has used `used` of it.
  void GiveBack(absl::Duration taken, absl::Duration used, absl::Time now) {
    Refill(now);
    const absl::Duration rest = taken - std::max(used, kLeast);
    left_ = std::min(kMost, left_ + std::max(rest, absl::ZeroDuration()));
  }

 private:
  void Refill(absl::Time now) {
    if (last_ != absl::InfinitePast()) left_ = std::min(kMost, left_ + (now - last_) / kShare);
    last_ = now;
  }

  absl::Duration left_ = kMost;
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STANDSTILL_ALLOWANCE_H_
