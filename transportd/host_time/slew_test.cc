// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/slew.h"

#include "gtest/gtest.h"

namespace toolboxd::host_time {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kMilli = 1000;
constexpr int64_t kMinute = 60 * kSecond;

class SlewTest : public testing::Test {
 protected:
  v1::SlewRequest Next(int64_t adjustment, int64_t pass = kMinute) {
    now_ += pass;
    return slew_.Next(adjustment, now_, settings_);
  }
  // 0: the kernel's loop.
  uint32_t Tick(int64_t adjustment, int64_t pass = kMinute) {
    return Next(adjustment, pass).tick_us();
  }
  // Comes to the loop with a clock that loses `lost` in 15 minutes and one.
  v1::SlewRequest Calibrate(int64_t lost) {
    EXPECT_EQ(Tick(0), 10000);
    return Next(lost, 16 * kMinute);
  }

  SlewSettings settings_;
  Slew slew_;
  int64_t now_ = 1000 * kSecond;
};

// docs/protocol/time.md 10.9: period 60 s, 50 %.
TEST_F(SlewTest, VectorsOfOpenVmTools) {
  EXPECT_EQ(Tick(200 * kMilli), 10016);
  EXPECT_EQ(Tick(100 * kMilli), 10008);
  EXPECT_EQ(Tick(20 * kMilli), 10001);
  EXPECT_EQ(Tick(0), 10000);
  const v1::SlewRequest lock = Next(2 * kMilli, 15 * kMinute);
  ASSERT_TRUE(lock.has_phase_lock());
  EXPECT_EQ(lock.phase_lock().offset_us(), 2000);
  EXPECT_EQ(lock.phase_lock().frequency(), -819268);
  EXPECT_EQ(Tick(70 * kMilli), 10005);
  slew_.Reset();
  EXPECT_EQ(Tick(-400 * kMilli), 9966);
}

TEST_F(SlewTest, RateStaysWithinATenth) {
  EXPECT_EQ(Tick(3600 * kSecond), 11000);
  EXPECT_EQ(Tick(-3600 * kSecond), 9000);
  EXPECT_EQ(Tick(int64_t{400} * 366 * 86400 * kSecond), 11000);
}

TEST_F(SlewTest, PercentAndPeriodAreTheHosts) {
  settings_ = {.period = 10 * kSecond, .percent = 100};
  EXPECT_EQ(Tick(100 * kMilli), 10100);
  settings_ = {.period = kSecond, .percent = 1};
  EXPECT_EQ(Tick(100 * kMilli), 10010);
  settings_ = {.period = int64_t{4294967295} * kSecond, .percent = 50};
  EXPECT_EQ(Tick(100 * kMilli), 10000);
}

TEST_F(SlewTest, LoopKeepsItsRateAndGetsTheErrors) {
  // A clock that loses 9.6 ms in 960 s is slow by 10 ppm.
  const v1::SlewRequest lock = Calibrate(9600);
  ASSERT_TRUE(lock.has_phase_lock());
  EXPECT_EQ(lock.phase_lock().frequency(), 10 * 65536);
  const v1::SlewRequest next = Next(-3 * kMilli);
  ASSERT_TRUE(next.has_phase_lock());
  EXPECT_EQ(next.phase_lock().offset_us(), -3000);
  EXPECT_FALSE(next.phase_lock().has_frequency());
  // Between the two limits the loop goes on.
  EXPECT_TRUE(Next(60 * kMilli).has_phase_lock());
}

// A clock that a rate never brings to the host's: what the rate adds, it loses.
TEST_F(SlewTest, ClockThatIsTooWrongIsNotGivenToTheLoop) {
  settings_.percent = 100;
  EXPECT_EQ(Tick(0), 10000);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(Tick(29 * kMilli), 10004);
  // 15 minutes at 400 ppm.
  EXPECT_TRUE(Next(29 * kMilli).has_phase_lock());
  slew_.Reset();
  settings_.period = 30 * kSecond;
  EXPECT_EQ(Tick(0, 30 * kSecond), 10000);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Tick(29 * kMilli, 30 * kSecond), 10009);
  // 15 minutes at 900 ppm.
  EXPECT_EQ(Tick(29 * kMilli, 30 * kSecond), 10009);
}

TEST_F(SlewTest, CalibrationNeedsAQuarterOfAnHour) {
  EXPECT_EQ(Tick(0), 10000);
  EXPECT_EQ(Tick(0, 15 * kMinute), 10000);
  EXPECT_TRUE(Next(0, 1).has_phase_lock());
}

TEST_F(SlewTest, LargeErrorEndsTheCalibration) {
  EXPECT_EQ(Tick(0), 10000);
  EXPECT_EQ(Tick(61 * kMilli, 10 * kMinute), 10005);
  EXPECT_EQ(Tick(0, 10 * kMinute), 10000);
  EXPECT_TRUE(Next(0, 16 * kMinute).has_phase_lock());
}

TEST_F(SlewTest, StepEndsTheLoop) {
  EXPECT_TRUE(Calibrate(0).has_phase_lock());
  slew_.Reset();
  EXPECT_EQ(Tick(2 * kMilli), 10000);
}

}  // namespace
}  // namespace toolboxd::host_time
