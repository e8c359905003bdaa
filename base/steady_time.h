// SPDX-License-Identifier: Apache-2.0

// A clock that no process can set.

#ifndef TOOLBOXD_BASE_STEADY_TIME_H_
#define TOOLBOXD_BASE_STEADY_TIME_H_

#include <chrono>

#include "absl/time/time.h"

namespace toolboxd {

// Time since boot (CLOCK_MONOTONIC, which stands still in suspend) as an absl::Time, for
// deadlines and intervals: a guest's wall clock jumps when the host sets it, by hours after a
// resume. Means nothing as a date.
inline absl::Time SteadyNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_STEADY_TIME_H_
