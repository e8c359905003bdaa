// SPDX-License-Identifier: Apache-2.0

#include "base/wall_clock.h"

#include <algorithm>
#include <cstdlib>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(WallClock, ShowsTheDate) {
  const int64_t before = absl::ToUnixMicros(absl::Now());
  const int64_t realtime = ReadWallClock().realtime;
  EXPECT_GE(realtime, before);
  EXPECT_LE(realtime, absl::ToUnixMicros(absl::Now()));
}

TEST(WallClock, EpochOfAClockThatIsNotSetStays) {
  // The closest of many readings: a busy machine may part the two clocks of one.
  const int64_t first = ReadWallClock().epoch;
  int64_t closest = 1000000;
  for (int i = 0; i < 1000; ++i) {
    closest = std::min(closest, std::abs(ReadWallClock().epoch - first));
  }
  EXPECT_LE(closest, 2000);
}

}  // namespace
}  // namespace toolboxd
