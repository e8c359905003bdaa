// SPDX-License-Identifier: Apache-2.0

#include "base/wall_clock.h"

#include <time.h>

#include <limits>

namespace toolboxd {
namespace {

constexpr int kTries = 4;
constexpr int64_t kGoodWindow = 50;

int64_t Micros(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1000000 + time.tv_nsec / 1000;
}

}  // namespace

WallClock ReadWallClock() {
  WallClock best;
  int64_t best_window = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < kTries && best_window > kGoodWindow; ++i) {
    const int64_t before = Micros(CLOCK_BOOTTIME);
    const int64_t realtime = Micros(CLOCK_REALTIME);
    const int64_t window = Micros(CLOCK_BOOTTIME) - before;
    if (window >= best_window) continue;
    best_window = window;
    best = {realtime, realtime - before - window / 2};
  }
  return best;
}

}  // namespace toolboxd
