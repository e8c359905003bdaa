// SPDX-License-Identifier: Apache-2.0

#include "base/shared_deadline.h"

#include <thread>

#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);

TEST(SharedDeadline, LimitsCountFromTheFirstCallOfARequest) {
  const SharedDeadline request;
  absl::SleepFor(kPause);
  const absl::Time first = SharedDeadline::For(absl::Seconds(5));
  EXPECT_GT(first, SteadyNow() + absl::Seconds(4));
  absl::SleepFor(kPause);
  EXPECT_EQ(SharedDeadline::For(absl::Seconds(5)), first);
  EXPECT_EQ(SharedDeadline::For(absl::Seconds(30)), first + absl::Seconds(25));
  EXPECT_LT(SharedDeadline::For(absl::Milliseconds(1)), SteadyNow());
}

TEST(SharedDeadline, KnowsHowLongTheRequestHasWaited) {
  EXPECT_EQ(SharedDeadline::Waited(), absl::ZeroDuration());
  const SharedDeadline request;
  absl::SleepFor(kPause);
  EXPECT_EQ(SharedDeadline::Waited(), absl::ZeroDuration());
  EXPECT_EQ(SharedDeadline::Longest(), absl::ZeroDuration());
  SharedDeadline::For(absl::Seconds(5));
  SharedDeadline::For(absl::Seconds(1));
  absl::SleepFor(kPause);
  EXPECT_GE(SharedDeadline::Waited(), kPause);
  EXPECT_EQ(SharedDeadline::Longest(), absl::Seconds(5));
}

TEST(SharedDeadline, OrdinaryLimitsCanBeShortened) {
  const SharedDeadline request(absl::Seconds(5), absl::Milliseconds(900));
  const absl::Time first = SharedDeadline::For(absl::Milliseconds(100));
  EXPECT_EQ(SharedDeadline::For(absl::Seconds(5)), first + absl::Milliseconds(800));
  EXPECT_EQ(SharedDeadline::Longest(), absl::Milliseconds(900));
  EXPECT_EQ(SharedDeadline::For(absl::Seconds(15)), first + absl::Milliseconds(14900));
}

TEST(SharedDeadline, InnerOneChangesNothing) {
  const SharedDeadline request;
  const absl::Time first = SharedDeadline::For(absl::Seconds(5));
  absl::SleepFor(kPause);
  {
    const SharedDeadline inner;
    EXPECT_EQ(SharedDeadline::For(absl::Seconds(5)), first);
  }
  EXPECT_EQ(SharedDeadline::For(absl::Seconds(5)), first);
}

TEST(SharedDeadline, WithoutARequestEachCallHasItsOwn) {
  { const SharedDeadline request; }
  const absl::Time first = SharedDeadline::For(absl::Seconds(5));
  absl::SleepFor(kPause);
  EXPECT_GE(SharedDeadline::For(absl::Seconds(5)), first + kPause);
  EXPECT_EQ(SharedDeadline::For(absl::InfiniteDuration()), absl::InfiniteFuture());
}

TEST(SharedDeadline, BelongsToItsThread) {
  const SharedDeadline request;
  const absl::Time first = SharedDeadline::For(absl::Seconds(5));
  absl::SleepFor(kPause);
  std::thread([&] { EXPECT_GE(SharedDeadline::For(absl::Seconds(5)), first + kPause); }).join();
}

TEST(SharedDeadline, WallClockTimeIsAsFarAway) {
  const absl::Time wall = ToWallClock(SteadyNow() + absl::Seconds(5));
  EXPECT_LT(wall, absl::Now() + absl::Seconds(6));
  EXPECT_GT(wall, absl::Now() + absl::Seconds(3));
  EXPECT_EQ(ToWallClock(absl::InfiniteFuture()), absl::InfiniteFuture());
}

}  // namespace
}  // namespace toolboxd
