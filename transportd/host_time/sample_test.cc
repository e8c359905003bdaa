// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/sample.h"

#include "gtest/gtest.h"
#include "transportd/backdoor/constants.h"
#include "transportd/host_time/testing/fake_clocks.h"

namespace toolboxd::host_time {
namespace {

absl::StatusOr<ClockSample> Take(FakeClocks& clocks) {
  return TakeSample(clocks, [&clocks] { return clocks.Guest(); });
}

TEST(TakeSample, HostTimeIsTheMiddleOfItsReadings) {
  FakeClocks clocks;
  clocks.guest_error = -5000000;
  const absl::StatusOr<ClockSample> sample = Take(clocks);
  ASSERT_TRUE(sample.ok()) << sample.status();
  EXPECT_EQ(sample->window, 10);
  EXPECT_EQ(sample->Behind(), 5000005);
  EXPECT_EQ(sample->Adjustment(), 5000005);
  EXPECT_EQ(sample->max_lag, 1000000);
  EXPECT_TRUE(sample->lag_known);
  EXPECT_EQ(clocks.readings, 2);
}

TEST(TakeSample, LagThatTheHypervisorMakesUpIsNotTheGuestsError) {
  FakeClocks clocks;
  clocks.pause = 0;
  clocks.guest_error = -1200000;
  clocks.interrupt_lag = 300000;
  const absl::StatusOr<ClockSample> sample = Take(clocks);
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->Behind(), 1200000);
  EXPECT_EQ(sample->Adjustment(), 900000);
}

TEST(TakeSample, OlderCommandsAreTriedInOrder) {
  for (const uint16_t newest : {backdoor::kCommandGetTimeFull, backdoor::kCommandGetTime}) {
    FakeClocks clocks;
    clocks.pause = 0;
    clocks.newest = newest;
    clocks.guest_error = 7;
    clocks.interrupt_lag = 300000;
    const absl::StatusOr<ClockSample> sample = Take(clocks);
    ASSERT_TRUE(sample.ok()) << newest;
    EXPECT_EQ(sample->Behind(), -7);
    EXPECT_EQ(sample->interrupt_lag, 0);
    EXPECT_FALSE(sample->lag_known);
  }
}

TEST(TakeSample, HostThatKnowsNoCommandIsAnError) {
  FakeClocks clocks;
  clocks.newest = 0;
  EXPECT_TRUE(absl::IsUnavailable(Take(clocks).status()));
}

// The guest had to wait between the readings of the host's clock, in all tries but one.
TEST(TakeSample, ClosestOfFourTriesCounts) {
  FakeClocks clocks;
  int tries = 0;
  const absl::StatusOr<ClockSample> sample = TakeSample(clocks, [&] {
    clocks.Pass(++tries == 3 ? 4000 : 9000);
    return clocks.Guest();
  });
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(sample->window, 4010);
}

TEST(TakeSample, CloseReadingsEndTheTries) {
  FakeClocks clocks;
  int tries = 0;
  const absl::StatusOr<ClockSample> sample = TakeSample(clocks, [&] {
    clocks.Pass(++tries == 2 ? 1990 : 1991);
    return clocks.Guest();
  });
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(sample->window, 2000);
}

TEST(TakeSample, GuestThatIsNeverLeftAloneIsAnError) {
  FakeClocks clocks;
  const absl::StatusOr<ClockSample> sample = TakeSample(clocks, [&] {
    clocks.Pass(1000000);
    return clocks.Guest();
  });
  EXPECT_TRUE(absl::IsUnavailable(sample.status()));
}

TEST(TakeSample, HostClockThatGoesBackMeanwhileIsReadAgain) {
  FakeClocks clocks;
  int tries = 0;
  const absl::StatusOr<ClockSample> sample = TakeSample(clocks, [&] {
    if (++tries == 1) clocks.Pass(-5000000);
    return clocks.Guest();
  });
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(sample->window, 10);
}

// And the first and the last that are taken.
TEST(TakeSample, TimesThatNoHostHasAreRefused) {
  constexpr int64_t kSecond = 1000000;
  for (const int64_t host : {int64_t{0}, 253402300800 * kSecond, int64_t{1} << 62}) {
    FakeClocks clocks;
    clocks.pause = 0;
    clocks.host = host;
    EXPECT_FALSE(Take(clocks).ok()) << host;
  }
  for (const int64_t host : {kSecond, (int64_t{1} << 31) * kSecond, (int64_t{1} << 32) * kSecond,
                             253402300799 * kSecond}) {
    FakeClocks clocks;
    clocks.pause = 0;
    clocks.host = host;
    const absl::StatusOr<ClockSample> sample = Take(clocks);
    ASSERT_TRUE(sample.ok()) << host;
    EXPECT_EQ(sample->host, host);
  }
}

TEST(TakeSample, NegativeLagsHideAndMakeNoError) {
  FakeClocks clocks;
  clocks.pause = 0;
  clocks.guest_error = -5000000;
  clocks.interrupt_lag = 0xFFFFFFFF;
  clocks.max_lag = 0x80000000;
  const absl::StatusOr<ClockSample> sample = Take(clocks);
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->interrupt_lag, 0);
  EXPECT_EQ(sample->Adjustment(), 5000000);
  EXPECT_EQ(sample->max_lag, 1000000);
}

TEST(StopCatchUp, MakesOneCall) {
  FakeClocks clocks;
  StopCatchUp(clocks);
  EXPECT_EQ(clocks.stops, 1);
  EXPECT_EQ(clocks.readings, 0);
}

}  // namespace
}  // namespace toolboxd::host_time
