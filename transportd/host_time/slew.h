// SPDX-License-Identifier: Apache-2.0

// Chooses the rate at which the clock must run to approach the host's (docs/protocol/time.md 10.5).

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_SLEW_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_SLEW_H_

#include <cstdint>

#include "toolboxd/v1/clock.pb.h"

namespace toolboxd::host_time {

// All times in microseconds.
struct SlewSettings {
  // Between two measurements; at least a second.
  int64_t period = 60000000;
  // How much of an error is corrected within a period: 1 to 100.
  int percent = 50;
};

// Chooses a rate at each measurement. While errors are small it measures how far the clock's own
// rate is off, and then has the kernel's phase-locked loop correct that. Pure; not thread-safe.
class Slew {
 public:
  // `adjustment`: what the clock must gain; within years. `now`: of a clock that is never set.
  v1::SlewRequest Next(int64_t adjustment, int64_t now, const SlewSettings& settings);

  // The clock was stepped, or has its own rate again: what was measured does not hold any more.
  void Reset() { *this = Slew(); }

 private:
  enum class State { kUncalibrated, kCalibrating, kLocked };

  // What the rate that is in force has added to the clock until then.
  int64_t Gained(int64_t now) const;
  v1::SlewRequest ByTick(int64_t adjustment, int64_t now, const SlewSettings& settings);
  v1::SlewRequest Lock(int64_t adjustment, int64_t now);

  State state_ = State::kUncalibrated;
  // The rate in force and its start.
  int64_t tick_ = 10000;
  int64_t tick_since_ = 0;
  // The calibration's start, the adjustment that was due then, and what rates have added since.
  int64_t calibrating_since_ = 0;
  int64_t first_adjustment_ = 0;
  int64_t gained_ = 0;
};

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_SLEW_H_
