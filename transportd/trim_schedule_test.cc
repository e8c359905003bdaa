// SPDX-License-Identifier: Apache-2.0

#include "transportd/trim_schedule.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

TEST(TrimSchedule, NothingIsDueBeforeTheFirstUse) {
  EXPECT_EQ(TrimSchedule().due(), absl::InfiniteFuture());
}

TEST(TrimSchedule, QuietComesTwoSecondsAfterTheLastUse) {
  TrimSchedule schedule;
  schedule.Used(kStart);
  schedule.Used(kStart + absl::Seconds(1));
  EXPECT_EQ(schedule.due(), kStart + absl::Seconds(3));
}

TEST(TrimSchedule, UseWithoutAPauseDoesNotPutItOff) {
  TrimSchedule schedule;
  absl::Time now = kStart;
  for (int round = 0; round < 3; ++round) {
    const absl::Time begin = now;
    for (; now < schedule.due() || now == begin; now += absl::Milliseconds(1)) schedule.Used(now);
    EXPECT_EQ(now - begin, absl::Seconds(10));
    schedule.Done(now);
  }
}

TEST(TrimSchedule, IdleProcessTrimsEveryTenSeconds) {
  TrimSchedule schedule;
  schedule.Used(kStart);
  schedule.Done(schedule.due());
  EXPECT_EQ(schedule.due(), kStart + absl::Seconds(12));
  schedule.Done(schedule.due());
  EXPECT_EQ(schedule.due(), kStart + absl::Seconds(22));
}

}  // namespace
}  // namespace toolboxd
