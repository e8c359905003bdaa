// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_clock.h"

#include <errno.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kNow = int64_t{1800000000} * kSecond;

class GuestClockTest : public testing::Test {
 protected:
  void Set(absl::string_view name, absl::string_view value, int64_t now = kNow) {
    EXPECT_TRUE(clock_.Set(now, name, value).ok());
  }
  int Adjust(timex timex, int64_t now = kNow) { return clock_.Adjust(now, timex); }

  GuestClock clock_;
};

TEST_F(GuestClockTest, ClockThatTheGuestSetsComesNearerToTheHosts) {
  Set("difference", "5000000");
  EXPECT_EQ(clock_.HostTime(kNow), kNow + 5 * kSecond);
  EXPECT_EQ(clock_.SetTime(kNow, kNow + 4 * kSecond), 0);
  EXPECT_EQ(clock_.Difference(kNow), kSecond);
  timex step = {};
  step.modes = ADJ_SETOFFSET;
  step.time = {-3, 500000};
  EXPECT_EQ(Adjust(step), 0);
  EXPECT_EQ(clock_.Difference(kNow), 3500000);
  EXPECT_THAT(clock_.steps(), testing::ElementsAre(4 * kSecond, -2500000));
}

TEST_F(GuestClockTest, ClocksDriftApartAndRatesBringThemTogether) {
  Set("rate", "100");
  EXPECT_EQ(clock_.Difference(kNow + 60 * kSecond), 6000);
  timex rate = {};
  rate.modes = ADJ_TICK;
  rate.tick = 10002;
  EXPECT_EQ(Adjust(rate, kNow + 60 * kSecond), 0);
  EXPECT_EQ(clock_.Difference(kNow + 120 * kSecond), 0);
  rate.modes = ADJ_TICK | ADJ_FREQUENCY;
  rate.tick = 10000;
  rate.freq = 100 << 16;
  EXPECT_EQ(Adjust(rate, kNow + 120 * kSecond), 0);
  EXPECT_EQ(clock_.Difference(kNow + 1200 * kSecond), 0);
}

TEST_F(GuestClockTest, LoopRemovesItsOffset) {
  Set("difference", "20000");
  timex loop = {};
  loop.modes = ADJ_STATUS | ADJ_OFFSET;
  loop.status = STA_PLL;
  loop.offset = 20000;
  EXPECT_EQ(Adjust(loop), 0);
  const int64_t later = clock_.Difference(kNow + 64 * kSecond);
  EXPECT_GT(later, 7000);
  EXPECT_LT(later, 8000);
  EXPECT_EQ(clock_.Difference(kNow + 6400 * kSecond), 0);
}

TEST_F(GuestClockTest, ValuesThatLinuxRefusesAreRefused) {
  timex wrong = {};
  wrong.modes = ADJ_TICK;
  wrong.tick = 8999;
  EXPECT_EQ(Adjust(wrong), EINVAL);
  wrong.modes = ADJ_SETOFFSET;
  wrong.time.tv_usec = -1;
  EXPECT_EQ(Adjust(wrong), EINVAL);
  EXPECT_EQ(clock_.SetTime(kNow, -1), EINVAL);
  EXPECT_TRUE(clock_.steps().empty());
}

TEST_F(GuestClockTest, ReadingShowsWhatWasSet) {
  timex change = {};
  change.modes = ADJ_TICK | ADJ_FREQUENCY | ADJ_STATUS | ADJ_TIMECONST;
  change.tick = 10016;
  change.freq = -77;
  change.status = STA_PLL;
  EXPECT_EQ(Adjust(change), 0);
  timex read = {};
  EXPECT_EQ(clock_.Adjust(kNow, read), 0);
  EXPECT_EQ(read.tick, 10016);
  EXPECT_EQ(read.freq, -77);
  EXPECT_EQ(read.status, STA_PLL);
  EXPECT_EQ(read.constant, 4);
  EXPECT_EQ(read.time.tv_sec, kNow / kSecond);
}

TEST_F(GuestClockTest, HostAnswersTheCommandsThatItKnows) {
  Set("difference", "-1500000");
  Set("interrupt_lag", "300000");
  Set("max_lag", "2000000");
  Registers registers;
  clock_.Answer(kNow, kCommandGetTimeFullWithLag, registers);
  EXPECT_EQ(registers.rax, kMagic);
  EXPECT_EQ(registers.rdx, uint64_t{1799999998});
  EXPECT_EQ(registers.rbx, 500000u);
  EXPECT_EQ(registers.rcx, 2000000u);
  EXPECT_EQ(registers.rdi, 300000u);
  Set("newest", "46");
  clock_.Answer(kNow, kCommandGetTimeFullWithLag, registers);
  EXPECT_EQ(registers.rax, 0xFFFFFFFFu);
  Set("newest", "23");
  clock_.Answer(kNow, kCommandGetTime, registers);
  EXPECT_EQ(registers.rax, 1799999998u);
  Set("newest", "0");
  clock_.Answer(kNow, kCommandGetTime, registers);
  EXPECT_EQ(registers.rax, 0xFFFFFFFFu);
}

TEST_F(GuestClockTest, UnknownSettingsAreErrors) {
  EXPECT_FALSE(clock_.Set(kNow, "colour", "1").ok());
  EXPECT_FALSE(clock_.Set(kNow, "rate", "fast").ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
