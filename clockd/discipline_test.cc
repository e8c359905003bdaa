// SPDX-License-Identifier: Apache-2.0

#include "clockd/discipline.h"

#include <errno.h>
#include <sys/stat.h>

#include <limits>
#include <optional>

#include "base/testing/short_temp_dir.h"
#include "clockd/limits.h"
#include "clockd/testing/fake_kernel.h"
#include "gtest/gtest.h"

namespace toolboxd::clockd {
namespace {

constexpr int64_t kSecond = 1000000;

class DisciplineTest : public testing::Test {
 protected:
  v1::StepRequest Request(int64_t delta) const {
    v1::StepRequest request;
    request.set_delta_us(delta);
    request.set_epoch_us(kernel_.clock.epoch);
    request.set_uptime_us(kernel_.clock.realtime - kernel_.clock.epoch);
    request.set_allow_backward(true);
    request.set_reason(v1::HOST_REQUEST);
    return request;
  }
  absl::Status Step(const v1::StepRequest& request) { return discipline_->Step(request, now_); }
  absl::Status Step(int64_t delta) { return Step(Request(delta)); }

  absl::Status SetTick(uint32_t tick) {
    v1::SlewRequest request;
    request.set_tick_us(tick);
    return discipline_->SetRate(request);
  }
  absl::Status SetLock(int32_t offset, std::optional<int32_t> frequency = std::nullopt) {
    v1::SlewRequest request;
    request.mutable_phase_lock()->set_offset_us(offset);
    if (frequency.has_value()) request.mutable_phase_lock()->set_frequency(*frequency);
    return discipline_->SetRate(request);
  }
  v1::ClockStatus::Discipline Whose() { return discipline_->Status()->discipline(); }
  bool Marked() const {
    struct stat info;
    return stat(dir_.File("slewing").c_str(), &info) == 0;
  }
  void Restart() { discipline_.emplace(&kernel_, dir_.File("slewing")); }

  ShortTempDir dir_;
  FakeKernel kernel_;
  absl::Time now_ = absl::UnixEpoch();
  std::optional<Discipline> discipline_{std::in_place, &kernel_, dir_.File("slewing")};
};

TEST_F(DisciplineTest, StepIsOneCallThatChangesNothingElse) {
  kernel_.freq = 77;
  ASSERT_TRUE(Step(5 * kSecond + 1).ok());
  ASSERT_EQ(kernel_.calls.size(), 1);
  EXPECT_EQ(kernel_.calls[0].modes, unsigned{ADJ_SETOFFSET});
  EXPECT_EQ(kernel_.calls[0].time.tv_sec, 5);
  EXPECT_EQ(kernel_.calls[0].time.tv_usec, 1);
  EXPECT_EQ(kernel_.freq, 77);
  EXPECT_EQ(Whose(), v1::ClockStatus::NOT_DISCIPLINED);
}

TEST_F(DisciplineTest, PartsOfASecondArePositiveForTheKernel) {
  ASSERT_TRUE(Step(-1).ok());
  EXPECT_EQ(kernel_.calls[0].time.tv_sec, -1);
  EXPECT_EQ(kernel_.calls[0].time.tv_usec, 999999);
  ASSERT_TRUE(Step(-2 * kSecond).ok());
  EXPECT_EQ(kernel_.calls[1].time.tv_sec, -2);
  EXPECT_EQ(kernel_.calls[1].time.tv_usec, 0);
}

TEST_F(DisciplineTest, StepIsLoggedWithItsSize) {
  testing::internal::CaptureStderr();
  ASSERT_TRUE(Step(-1500001).ok());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("the clock was set back by 1.500001 s, as the host asked"), std::string::npos)
      << log;
}

TEST_F(DisciplineTest, BackwardNeedsToBePermitted) {
  v1::StepRequest request = Request(-kSecond);
  request.set_allow_backward(false);
  EXPECT_TRUE(absl::IsInvalidArgument(Step(request)));
  EXPECT_TRUE(absl::IsInvalidArgument(Step(0)));
  EXPECT_TRUE(kernel_.calls.empty());
}

TEST_F(DisciplineTest, StepsOfMoreThanTenYearsAreRefused) {
  for (const int64_t delta : {kMaxStep + 1, -kMaxStep - 1, std::numeric_limits<int64_t>::max(),
                              std::numeric_limits<int64_t>::min()}) {
    EXPECT_TRUE(absl::IsOutOfRange(Step(delta))) << delta;
  }
  EXPECT_TRUE(kernel_.calls.empty());
  EXPECT_TRUE(Step(kMaxStep).ok());
}

TEST_F(DisciplineTest, YearsThatNoRightHostShowsAreRefused) {
  EXPECT_TRUE(absl::IsOutOfRange(Step(kEarliest - kernel_.clock.realtime - 1)));
  EXPECT_TRUE(Step(kEarliest - kernel_.clock.realtime).ok());
  // A clock that shows 1972 may come to the present only as far as one step goes.
  kernel_.clock.realtime = int64_t{70000000} * kSecond;
  EXPECT_TRUE(absl::IsOutOfRange(Step(kMaxStep)));
  kernel_.clock.realtime = kLatest - 2 * kSecond;
  EXPECT_TRUE(Step(2 * kSecond - 1).ok());
  EXPECT_TRUE(absl::IsOutOfRange(Step(1)));
}

// 2038-01-19 03:14:08, where 32 bits end.
TEST_F(DisciplineTest, ClockGoesBeyondThirtyTwoBits) {
  kernel_.clock.realtime = (int64_t{1} << 31) * kSecond - 1;
  EXPECT_TRUE(Step(1).ok());
  EXPECT_EQ(kernel_.clock.realtime, (int64_t{1} << 31) * kSecond);
}

TEST_F(DisciplineTest, StepThatComesTwiceIsMadeOnce) {
  const v1::StepRequest request = Request(5 * kSecond);
  EXPECT_TRUE(Step(request).ok());
  EXPECT_TRUE(absl::IsAborted(Step(request)));
  EXPECT_EQ(kernel_.calls.size(), 1);
}

TEST_F(DisciplineTest, ClockThatWasSetMeanwhileIsNotStepped) {
  for (const int64_t by : {kEpochTolerance + 1, -kEpochTolerance - 1}) {
    v1::StepRequest request = Request(5 * kSecond);
    request.set_epoch_us(request.epoch_us() + by);
    EXPECT_TRUE(absl::IsAborted(Step(request)));
  }
  v1::StepRequest request = Request(5 * kSecond);
  for (const int64_t epoch :
       {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    request.set_epoch_us(epoch);
    EXPECT_TRUE(absl::IsAborted(Step(request)));
  }
  EXPECT_TRUE(kernel_.calls.empty());
  request = Request(5 * kSecond);
  request.set_epoch_us(request.epoch_us() + kEpochTolerance);
  EXPECT_TRUE(Step(request).ok());
}

TEST_F(DisciplineTest, StepWhoseCallerDoesNotWaitAnyMoreIsNotMade) {
  v1::StepRequest request = Request(5 * kSecond);
  const int64_t uptime = request.uptime_us();
  for (const int64_t other :
       {uptime - kMaxAge - 1, uptime + kMaxAge + 1, std::numeric_limits<int64_t>::max(),
        std::numeric_limits<int64_t>::min()}) {
    request.set_uptime_us(other);
    EXPECT_TRUE(absl::IsAborted(Step(request)));
  }
  EXPECT_TRUE(kernel_.calls.empty());
  request.set_uptime_us(uptime - kMaxAge);
  EXPECT_TRUE(Step(request).ok());
}

TEST_F(DisciplineTest, StepsOfAMinuteAreBounded) {
  for (int i = 0; i < kMaxSteps; ++i) EXPECT_TRUE(Step(kSecond).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Step(kSecond)));
  now_ += kStepWindow - absl::Nanoseconds(1);
  EXPECT_TRUE(absl::IsResourceExhausted(Step(kSecond)));
  now_ += absl::Nanoseconds(1);
  EXPECT_TRUE(Step(kSecond).ok());
  EXPECT_EQ(kernel_.calls.size(), kMaxSteps + 1);
}

TEST_F(DisciplineTest, RefusalOfTheKernelSaysSo) {
  kernel_.refuses = EPERM;
  const absl::Status status = Step(5 * kSecond);
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_EQ(status.message(),
            "the kernel refuses to set the clock forward by 5.000000 s: Operation not permitted");
  // It does not count.
  kernel_.refuses = 0;
  for (int i = 0; i < kMaxSteps; ++i) EXPECT_TRUE(Step(kSecond).ok());
}

TEST_F(DisciplineTest, RateIsSetWithWhatAnotherLeftBehind) {
  kernel_.freq = 77;
  EXPECT_TRUE(SetTick(10016).ok());
  EXPECT_EQ(kernel_.tick, 10016);
  EXPECT_EQ(kernel_.freq, 0);
  EXPECT_EQ(kernel_.status, STA_UNSYNC);
  EXPECT_EQ(Whose(), v1::ClockStatus::BY_TOOLBOXD);
  EXPECT_TRUE(SetTick(10008).ok());
  EXPECT_EQ(kernel_.calls.back().modes, unsigned{ADJ_TICK | ADJ_STATUS});
}

// docs/protocol/time.md 10.9.
TEST_F(DisciplineTest, VectorsOfTheLoop) {
  EXPECT_TRUE(SetTick(10001).ok());
  EXPECT_TRUE(SetLock(2000, -819268).ok());
  const timex& lock = kernel_.calls.back();
  EXPECT_EQ(lock.modes & (ADJ_OFFSET | ADJ_MAXERROR | ADJ_ESTERROR), 0xdu);
  EXPECT_EQ(lock.offset, 2000);
  EXPECT_EQ(lock.freq, -819268);
  EXPECT_EQ(lock.constant, 0);
  EXPECT_EQ(lock.status, STA_PLL);
  EXPECT_EQ(lock.tick, 10000);
  EXPECT_TRUE((lock.modes & ADJ_TIMECONST) && (lock.modes & ADJ_STATUS) &&
              (lock.modes & ADJ_FREQUENCY) && (lock.modes & ADJ_TICK));
  EXPECT_EQ(Whose(), v1::ClockStatus::BY_TOOLBOXD);
  EXPECT_TRUE(SetLock(-3000).ok());
  EXPECT_FALSE(kernel_.calls.back().modes & ADJ_FREQUENCY);
  EXPECT_EQ(kernel_.freq, -819268);
  EXPECT_TRUE(SetTick(10005).ok());
  EXPECT_EQ(kernel_.status, STA_UNSYNC);
}

TEST_F(DisciplineTest, RatesThatTheKernelDoesNotHaveAreRefused) {
  for (const uint32_t tick : {8999u, 11001u, 0u, 4294967295u}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SetTick(tick))) << tick;
  }
  constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
  for (const int32_t offset : {500001, -500001, kLeast}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SetLock(offset))) << offset;
  }
  for (const int32_t frequency : {500 * 65536, -500 * 65536, kLeast}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SetLock(0, frequency))) << frequency;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(discipline_->SetRate({})));
  EXPECT_TRUE(kernel_.calls.empty());
  EXPECT_FALSE(Marked());
  EXPECT_TRUE(SetTick(9000).ok());
  EXPECT_TRUE(SetTick(11000).ok());
  EXPECT_TRUE(SetLock(-500000, 500 * 65536 - 1).ok());
}

TEST_F(DisciplineTest, ClockOfAnotherServiceIsNotSlewed) {
  kernel_.status = STA_PLL;
  kernel_.freq = 77;
  EXPECT_EQ(Whose(), v1::ClockStatus::BY_ANOTHER_SERVICE);
  EXPECT_TRUE(absl::IsFailedPrecondition(SetTick(10016)));
  EXPECT_TRUE(absl::IsFailedPrecondition(SetLock(0)));
  v1::StepRequest request = Request(5 * kSecond);
  request.set_unless_disciplined(true);
  EXPECT_TRUE(absl::IsFailedPrecondition(Step(request)));
  EXPECT_TRUE(kernel_.calls.empty());
  // What the host asks for now is done, and the service's rate stays.
  EXPECT_TRUE(Step(5 * kSecond).ok());
  EXPECT_EQ(kernel_.freq, 77);
}

TEST_F(DisciplineTest, ServiceThatTakesTheClockKeepsIt) {
  for (const bool synchronized : {true, false}) {
    kernel_ = FakeKernel();
    Restart();
    EXPECT_TRUE(SetTick(10016).ok());
    // It sets its rate, or that the clock is right.
    kernel_.tick = synchronized ? 10016 : 9999;
    if (synchronized) kernel_.status = 0;
    EXPECT_TRUE(absl::IsFailedPrecondition(SetTick(10008)));
    discipline_->Restore();
    EXPECT_EQ(kernel_.calls.size(), 1);
    EXPECT_FALSE(Marked());
  }
}

TEST_F(DisciplineTest, LoopIsLostToAServiceThatSetsTheTick) {
  EXPECT_TRUE(SetLock(0, 0).ok());
  EXPECT_TRUE(SetLock(0).ok());
  kernel_.tick = 9999;
  EXPECT_TRUE(absl::IsFailedPrecondition(SetLock(0)));
}

TEST_F(DisciplineTest, RestoreGivesTheClockItsOwnRate) {
  EXPECT_TRUE(SetLock(2000, 77).ok());
  EXPECT_TRUE(Marked());
  discipline_->Restore();
  EXPECT_EQ(kernel_.tick, 10000);
  EXPECT_EQ(kernel_.freq, 0);
  EXPECT_EQ(kernel_.status, STA_UNSYNC);
  EXPECT_FALSE(Marked());
  EXPECT_EQ(kernel_.calls.size(), 2);
  discipline_->Restore();
  EXPECT_EQ(kernel_.calls.size(), 2);
}

TEST_F(DisciplineTest, StepEndsTheRate) {
  EXPECT_TRUE(SetLock(2000, 77).ok());
  EXPECT_TRUE(Step(5 * kSecond).ok());
  EXPECT_EQ(kernel_.calls.size(), 2);
  EXPECT_EQ(kernel_.tick, 10000);
  EXPECT_EQ(kernel_.freq, 0);
  EXPECT_EQ(kernel_.status, STA_UNSYNC);
  EXPECT_TRUE(SetTick(10016).ok());
}

TEST_F(DisciplineTest, NextProcessRestoresWhatThisOneLeaves) {
  EXPECT_TRUE(SetLock(2000, 77).ok());
  Restart();
  discipline_->Recover();
  EXPECT_EQ(kernel_.tick, 10000);
  EXPECT_EQ(kernel_.freq, 0);
  EXPECT_EQ(kernel_.status, STA_UNSYNC);
  EXPECT_FALSE(Marked());
  // Nothing is left: nothing is done.
  const size_t calls = kernel_.calls.size();
  Restart();
  discipline_->Recover();
  EXPECT_EQ(kernel_.calls.size(), calls);
}

TEST_F(DisciplineTest, WithoutItsMarkNoRateIsSet) {
  Discipline discipline(&kernel_, "/proc/no-such-folder/slewing");
  v1::SlewRequest request;
  request.set_tick_us(10016);
  EXPECT_FALSE(discipline.SetRate(request).ok());
  EXPECT_TRUE(kernel_.calls.empty());
}

}  // namespace
}  // namespace toolboxd::clockd
