// SPDX-License-Identifier: Apache-2.0

// The clock that shows the date, and whether it was set.

#ifndef TOOLBOXD_BASE_WALL_CLOCK_H_
#define TOOLBOXD_BASE_WALL_CLOCK_H_

#include <cstdint>

namespace toolboxd {

// Both in microseconds.
struct WallClock {
  // CLOCK_REALTIME: since 1970.
  int64_t realtime = 0;
  // CLOCK_REALTIME less CLOCK_BOOTTIME. Both run at one rate, whatever the kernel corrects, so this
  // changes only when the clock is set. Two readings of an unset clock differ by a few
  // microseconds, and by 50 at most unless the thread had to wait between the readings of both
  // clocks.
  int64_t epoch = 0;
};

// Reads both clocks close together. Thread-safe.
WallClock ReadWallClock();

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_WALL_CLOCK_H_
