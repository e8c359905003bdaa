// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/time_sync.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/constants.h"
#include "transportd/host_time/testing/fake_clocks.h"
#include "transportd/host_time/testing/fake_setter.h"

namespace toolboxd::host_time {
namespace {

constexpr int64_t kMilli = 1000;
constexpr int64_t kSecond = 1000000;

class TimeSyncTest : public testing::Test {
 protected:
  TimeSyncTest() { clocks_.pause = 0; }

  TimeSyncParts Parts() {
    return {.sample = [this] { return TakeSample(clocks_, [this] { return clocks_.Guest(); }); },
            .stop_catch_up = [this] { StopCatchUp(clocks_); },
            .setter = &setter_,
            .startup = &startup_,
            .now = [this] { return Now(); },
            .at = [this](absl::Time time,
                         std::function<void()> task) { tasks_.emplace(time, std::move(task)); },
            .standstill = [this] { return standstill_; }};
  }
  void SetMode(TimeSync::Mode mode) { sync_.emplace(mode, Parts()); }
  TimeSync& sync() { return *sync_; }
  void Option(absl::string_view name, absl::string_view value) { sync().SetOption(name, value); }

  absl::Time Now() const { return absl::FromUnixMicros(clocks_.host - clocks_.epoch); }
  // Until the next task; 0 without one.
  absl::Duration Wait() const {
    return tasks_.empty() ? absl::ZeroDuration() : tasks_.begin()->first - Now();
  }
  // Passes the time until the next task, and runs it.
  void NextPeriod() {
    ASSERT_FALSE(tasks_.empty());
    clocks_.Pass(absl::ToInt64Microseconds(Wait()));
    const auto first = tasks_.begin();
    const std::function<void()> task = std::move(first->second);
    tasks_.erase(first);
    task();
  }
  void Period(int64_t guest_error) {
    clocks_.guest_error = guest_error;
    NextPeriod();
  }
  // The rate of the last request; 0 for another kind.
  uint32_t Tick() const { return setter_.rates.empty() ? 0 : setter_.rates.back().tick_us(); }

  ShortTempDir dir_;
  FakeClocks clocks_;
  FakeSetter setter_{&clocks_};
  OncePerBoot startup_{dir_.File("mark")};
  bool standstill_ = false;
  std::multimap<absl::Time, std::function<void()>> tasks_;
  std::optional<TimeSync> sync_{std::in_place, v1::TimeStatus::HOST, Parts()};
};

struct Vector {
  const char* name;
  int64_t guest_error;
  uint32_t interrupt_lag;
  Direction direction;
  uint16_t newest;
  // 0: no step.
  int64_t step;
};

// docs/protocol/time.md 10.9.
constexpr Vector kVectors[] = {
    {"T1", -5 * kSecond, 0, Direction::kForward, 55, 5 * kSecond},
    {"T2", -500 * kMilli, 0, Direction::kForward, 55, 0},
    {"T3", 2 * kSecond, 0, Direction::kForward, 55, 0},
    {"T4", 2 * kSecond, 0, Direction::kEither, 55, -2 * kSecond},
    {"T5", -1200 * kMilli, 300000, Direction::kForward, 55, 0},
    {"T6", -1400 * kMilli, 300000, Direction::kForward, 55, 1400 * kMilli},
    {"T7", -5 * kSecond, 0, Direction::kForward, 23, 5 * kSecond},
};

TEST_F(TimeSyncTest, VectorsOfOneTimeCorrections) {
  for (const Vector& vector : kVectors) {
    SCOPED_TRACE(vector.name);
    setter_.steps.clear();
    clocks_.stops = 0;
    clocks_.guest_error = vector.guest_error;
    clocks_.interrupt_lag = vector.interrupt_lag;
    clocks_.newest = vector.newest;
    EXPECT_TRUE(sync().Synchronize(vector.direction, v1::HOST_REQUEST).ok());
    const size_t steps = vector.step == 0 ? 0 : 1;
    EXPECT_EQ(clocks_.stops, steps);
    ASSERT_EQ(setter_.steps.size(), steps);
    if (steps == 0) continue;
    EXPECT_EQ(setter_.steps[0].delta_us(), vector.step);
    EXPECT_EQ(setter_.steps[0].epoch_us(), clocks_.epoch + vector.guest_error);
    EXPECT_EQ(setter_.steps[0].uptime_us(), clocks_.host - clocks_.epoch);
    EXPECT_EQ(setter_.steps[0].allow_backward(), vector.direction == Direction::kEither);
    EXPECT_FALSE(setter_.steps[0].unless_disciplined());
  }
}

// The limits of the vectors, to the microsecond.
TEST_F(TimeSyncTest, ErrorBeyondWhatTheHostToleratesIsCorrected) {
  clocks_.guest_error = -kSecond;
  EXPECT_TRUE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  EXPECT_TRUE(setter_.steps.empty());
  clocks_.guest_error = -kSecond - 1;
  EXPECT_TRUE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  EXPECT_EQ(setter_.steps.size(), 1);
  EXPECT_TRUE(sync().Synchronize(Direction::kEither, v1::HOST_REQUEST).ok());
  EXPECT_EQ(setter_.steps.size(), 1);
  clocks_.guest_error = 1;
  EXPECT_TRUE(sync().Synchronize(Direction::kEither, v1::HOST_REQUEST).ok());
  EXPECT_EQ(setter_.steps.size(), 2);
}

TEST_F(TimeSyncTest, FailedStepIsAnErrorAndTheHostCatchesUp) {
  clocks_.guest_error = -5 * kSecond;
  setter_.step_status = absl::PermissionDeniedError("the kernel refuses it");
  EXPECT_EQ(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST), setter_.step_status);
  EXPECT_EQ(clocks_.stops, 0);
  EXPECT_EQ(sync().Status().last_failure(),
            "the clock was not set to the host's time: the kernel refuses it");
}

TEST_F(TimeSyncTest, HostWithoutAClockIsAnError) {
  clocks_.newest = 0;
  EXPECT_FALSE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  EXPECT_EQ(sync().Status().fault(), "the host does not say what time it is");
  EXPECT_FALSE(sync().Status().has_now());
}

TEST_F(TimeSyncTest, NothingWakesItUnlessTheHostAsked) {
  Option("synctime", "0");
  Option("synctime.period", "10");
  Option("time.synchronize.tools.enable", "1");
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("time.synchronize.tools.startup", "1");
  sync().Synchronize(Direction::kEither, v1::HOST_REQUEST).IgnoreError();
  EXPECT_TRUE(tasks_.empty());
}

TEST_F(TimeSyncTest, StartupCountsOncePerBoot) {
  clocks_.guest_error = -5 * kSecond;
  Option("time.synchronize.tools.startup", "1");
  ASSERT_EQ(setter_.steps.size(), 1);
  EXPECT_EQ(setter_.steps[0].reason(), v1::TOOLS_STARTUP);
  EXPECT_FALSE(setter_.steps[0].allow_backward());
  // The next process.
  SetMode(v1::TimeStatus::HOST);
  clocks_.guest_error = -5 * kSecond;
  Option("time.synchronize.tools.startup", "1");
  EXPECT_EQ(setter_.steps.size(), 1);
}

// clockd may come late in a boot, and the host asks once.
TEST_F(TimeSyncTest, StartupThatFailedIsTriedAgainAFewTimes) {
  clocks_.guest_error = -5 * kSecond;
  setter_.step_status = absl::UnavailableError("clockd is not there yet");
  Option("time.synchronize.tools.startup", "1");
  Option("time.synchronize.tools.startup", "1");
  EXPECT_EQ(setter_.steps.size(), 2);
  EXPECT_EQ(tasks_.size(), 1);
  EXPECT_EQ(Wait(), TimeSync::kStartupRetry);
  setter_.step_status = absl::OkStatus();
  NextPeriod();
  EXPECT_EQ(clocks_.guest_error, 0);
  EXPECT_TRUE(startup_.done());
  EXPECT_TRUE(tasks_.empty());
}

TEST_F(TimeSyncTest, StartupThatCannotBeIsGivenUp) {
  clocks_.guest_error = -5 * kSecond;
  setter_.step_status = absl::PermissionDeniedError("the kernel refuses it");
  Option("time.synchronize.tools.startup", "1");
  for (int i = 0; i < TimeSync::kStartupRetries; ++i) NextPeriod();
  EXPECT_TRUE(tasks_.empty());
  EXPECT_EQ(setter_.steps.size(), 1 + TimeSync::kStartupRetries);
}

TEST_F(TimeSyncTest, StartupGoesBackIfTheHostSaidSoBefore) {
  clocks_.guest_error = 5 * kSecond;
  Option("time.synchronize.tools.startup.backward", "1");
  Option("time.synchronize.tools.startup", "0");
  EXPECT_TRUE(setter_.steps.empty());
  Option("time.synchronize.tools.startup", "1");
  ASSERT_EQ(setter_.steps.size(), 1);
  EXPECT_EQ(setter_.steps[0].delta_us(), -5 * kSecond);
}

TEST_F(TimeSyncTest, SwitchingOnBeginsWithAStepIfTheHostHasEnabledIt) {
  clocks_.guest_error = 5 * kSecond;
  Option("time.synchronize.tools.enable", "1");
  // The first value is that of the tools' start.
  Option("synctime", "1");
  EXPECT_TRUE(setter_.steps.empty());
  Option("synctime", "0");
  Option("synctime", "1");
  ASSERT_EQ(setter_.steps.size(), 1);
  EXPECT_EQ(setter_.steps[0].delta_us(), -5 * kSecond);
  EXPECT_EQ(setter_.steps[0].reason(), v1::PERIODIC_ENABLED);
  Option("time.synchronize.tools.enable", "0");
  Option("synctime", "0");
  clocks_.guest_error = 5 * kSecond;
  Option("synctime", "1");
  EXPECT_EQ(setter_.steps.size(), 1);
}

// docs/protocol/time.md 10.9.
TEST_F(TimeSyncTest, VectorsOfTheLoop) {
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime", "1");
  EXPECT_EQ(Tick(), 10000);
  Period(-200 * kMilli);
  EXPECT_EQ(Tick(), 10016);
  Period(-100 * kMilli);
  EXPECT_EQ(Tick(), 10008);
  Period(-20 * kMilli);
  EXPECT_EQ(Tick(), 10001);
  for (int minute = 0; minute < 16; ++minute) Period(-2 * kMilli);
  EXPECT_EQ(setter_.rates.back().phase_lock().offset_us(), 2000);
  Period(-70 * kMilli);
  EXPECT_EQ(Tick(), 10005);
  EXPECT_TRUE(setter_.steps.empty());
  Period(-3 * kSecond);
  ASSERT_EQ(setter_.steps.size(), 1);
  EXPECT_EQ(setter_.steps[0].delta_us(), 3 * kSecond);
  EXPECT_TRUE(setter_.steps[0].unless_disciplined());
  EXPECT_EQ(clocks_.stops, 1);
  Period(400 * kMilli);
  EXPECT_EQ(Tick(), 9966);
}

TEST_F(TimeSyncTest, WithoutSlewingOnlyAClockFarBehindIsCorrected) {
  Option("synctime", "1");
  Period(-900 * kMilli);
  EXPECT_TRUE(setter_.steps.empty());
  Period(-1500 * kMilli);
  EXPECT_EQ(setter_.steps.size(), 1);
  Period(1500 * kMilli);
  EXPECT_EQ(setter_.steps.size(), 1);
  EXPECT_TRUE(setter_.rates.empty());
}

TEST_F(TimeSyncTest, HostThatDoesNotSayItsLagIsNotSlewedTo) {
  clocks_.newest = backdoor::kCommandGetTimeFull;
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime", "1");
  Period(-200 * kMilli);
  EXPECT_TRUE(setter_.rates.empty());
  clocks_.newest = backdoor::kCommandGetTimeFullWithLag;
  Period(-200 * kMilli);
  EXPECT_EQ(setter_.rates.size(), 1);
  clocks_.newest = backdoor::kCommandGetTime;
  Period(-200 * kMilli);
  EXPECT_EQ(setter_.slew_ends, 1);
}

TEST_F(TimeSyncTest, PeriodIsTheHosts) {
  Option("synctime", "1");
  EXPECT_EQ(Wait(), absl::Seconds(60));
  Option("synctime.period", "0");
  EXPECT_EQ(tasks_.size(), 1);
  Option("synctime.period", "7");
  EXPECT_EQ(Wait(), absl::Seconds(7));
  const int readings = clocks_.readings;
  for (int i = 1; i <= 8; ++i) {
    NextPeriod();
    EXPECT_EQ(clocks_.readings, readings + 2 * i);
    EXPECT_EQ(Wait(), i < 8 ? absl::Seconds(7) : absl::Seconds(4));
  }
  // The task of the loop before finds nothing to do.
  NextPeriod();
  EXPECT_EQ(clocks_.readings, readings + 16);
  NextPeriod();
  EXPECT_EQ(clocks_.readings, readings + 18);
  Option("synctime", "0");
  NextPeriod();
  EXPECT_TRUE(tasks_.empty());
  EXPECT_EQ(clocks_.readings, readings + 18);
}

TEST_F(TimeSyncTest, LongPeriodsAreWaitedFor) {
  Option("synctime.period", "150");
  Option("synctime", "1");
  const int readings = clocks_.readings;
  NextPeriod();
  NextPeriod();
  EXPECT_EQ(clocks_.readings, readings);
  EXPECT_EQ(Wait(), absl::Seconds(30));
  NextPeriod();
  EXPECT_EQ(clocks_.readings, readings + 2);
}

// A host that switches without an end leaves neither tasks nor a loop that is never run.
TEST_F(TimeSyncTest, TasksThatWaitAreBounded) {
  for (int i = 1000; i > 0; --i) {
    Option("synctime.period", absl::StrCat(i));
    Option("synctime", "1");
    Option("synctime", "0");
  }
  EXPECT_LE(tasks_.size(), TimeSync::kMaxTasks);
  Option("synctime", "1");
  const int readings = clocks_.readings;
  for (int i = 0; i < 10 && clocks_.readings == readings; ++i) NextPeriod();
  EXPECT_GT(clocks_.readings, readings);
}

TEST_F(TimeSyncTest, RateOutlastsALatePeriodAndNoMore) {
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime.period", "5");
  Option("synctime", "1");
  EXPECT_EQ(setter_.rates.back().lasts_seconds(), 20);
  Option("synctime.period", "4294967295");
  EXPECT_EQ(setter_.rates.back().lasts_seconds(), 4294967295);
}

TEST_F(TimeSyncTest, RateGoesOnDuringAStandstillAndNoStepIsMade) {
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime", "1");
  standstill_ = true;
  Period(-200 * kMilli);
  EXPECT_EQ(Tick(), 10016);
  Period(-5 * kSecond);
  EXPECT_TRUE(setter_.steps.empty());
  standstill_ = false;
  Period(-5 * kSecond);
  EXPECT_EQ(setter_.steps.size(), 1);
}

TEST_F(TimeSyncTest, SwitchingOffGivesTheClockItsOwnRate) {
  Option("time.synchronize.tools.slewCorrection", "yes");
  Option("synctime", "1");
  EXPECT_EQ(setter_.rates.size(), 1);
  Option("synctime", "0");
  EXPECT_EQ(setter_.slew_ends, 1);
  Option("synctime", "0");
  EXPECT_EQ(setter_.slew_ends, 1);
}

TEST_F(TimeSyncTest, ClockOfAnotherServiceIsLeftAloneForAWhile) {
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime", "1");
  setter_.EndBy(absl::FailedPreconditionError("another service disciplines the clock"));
  EXPECT_TRUE(sync().Status().left_alone());
  for (int minute = 0; minute < 14; ++minute) Period(-200 * kMilli);
  EXPECT_EQ(setter_.rates.size(), 1);
  Period(-200 * kMilli);
  EXPECT_EQ(setter_.rates.size(), 2);
  EXPECT_FALSE(sync().Status().left_alone());
}

TEST_F(TimeSyncTest, PeriodicStepsLeaveItAloneToo) {
  Option("synctime", "1");
  setter_.step_status = absl::FailedPreconditionError("another service disciplines the clock");
  Period(-5 * kSecond);
  Period(-5 * kSecond);
  EXPECT_EQ(setter_.steps.size(), 1);
  // What the host asks for now is done all the same.
  setter_.step_status = absl::OkStatus();
  EXPECT_TRUE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  EXPECT_EQ(setter_.steps.size(), 2);
}

TEST_F(TimeSyncTest, RateThatClockdLostIsSetAgain) {
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime", "1");
  setter_.EndBy(absl::UnavailableError("clockd was killed"));
  EXPECT_FALSE(sync().Status().left_alone());
  Period(-200 * kMilli);
  EXPECT_EQ(setter_.rates.size(), 2);
  EXPECT_EQ(Tick(), 10016);
}

TEST_F(TimeSyncTest, ModeOncePermitsStepsOnly) {
  SetMode(v1::TimeStatus::ONCE);
  clocks_.guest_error = -5 * kSecond;
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime", "1");
  EXPECT_TRUE(tasks_.empty());
  EXPECT_TRUE(setter_.rates.empty());
  Option("time.synchronize.tools.startup", "1");
  EXPECT_EQ(setter_.steps.size(), 1);
  clocks_.guest_error = -5 * kSecond;
  EXPECT_TRUE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  EXPECT_EQ(setter_.steps.size(), 2);
}

TEST_F(TimeSyncTest, ModeOffPermitsNothing) {
  SetMode(v1::TimeStatus::OFF);
  clocks_.guest_error = -5 * kSecond;
  Option("time.synchronize.tools.enable", "1");
  Option("time.synchronize.tools.startup", "1");
  Option("synctime", "0");
  Option("synctime", "1");
  EXPECT_TRUE(sync().Synchronize(Direction::kEither, v1::HOST_REQUEST).ok());
  EXPECT_TRUE(setter_.steps.empty());
  EXPECT_TRUE(setter_.rates.empty());
  EXPECT_TRUE(tasks_.empty());
  EXPECT_FALSE(startup_.done());
}

TEST_F(TimeSyncTest, StepDuringAStandstillIsMadeAfterIt) {
  standstill_ = true;
  clocks_.guest_error = 5 * kSecond;
  EXPECT_TRUE(sync().Synchronize(Direction::kEither, v1::HOST_REQUEST).ok());
  EXPECT_TRUE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  Option("time.synchronize.tools.startup", "1");
  EXPECT_TRUE(setter_.steps.empty());
  standstill_ = false;
  sync().EndStandstill();
  ASSERT_EQ(setter_.steps.size(), 1);
  EXPECT_EQ(setter_.steps[0].delta_us(), -5 * kSecond);
  EXPECT_TRUE(startup_.done());
  sync().EndStandstill();
  EXPECT_EQ(setter_.steps.size(), 1);
}

TEST_F(TimeSyncTest, OptionsWithValuesThatTheyCannotHaveAreWithoutEffect) {
  for (const char* name :
       {"synctime", "time.synchronize.tools.startup", "time.synchronize.tools.startup.backward",
        "time.synchronize.tools.enable", "synctime.period",
        "time.synchronize.tools.percentCorrection"}) {
    for (const char* value : {"maybe", "2", "01", " 1", ""}) {
      if (absl::string_view(name).substr(0, 9) == "synctime." && value[0] == '2') continue;
      Option(name, value);
    }
  }
  Option("time.synchronize.allow", "0");
  Option("time.synchronize.guest.resync", "1");
  Option("time.synchronize.guest.resync.timeout", "10");
  EXPECT_TRUE(tasks_.empty());
  EXPECT_TRUE(setter_.steps.empty());
  EXPECT_FALSE(startup_.done());
  EXPECT_FALSE(sync().Status().options().synchronize());
  EXPECT_FALSE(sync().Status().options().step_first());
}

TEST_F(TimeSyncTest, PercentIsBetweenOneAndAHundred) {
  for (const auto& [value, percent] :
       {std::pair("1", 1u), {"100", 100u}, {"0", 50u}, {"101", 50u}, {"7", 7u}, {"-3", 50u}}) {
    Option("time.synchronize.tools.percentCorrection", value);
    EXPECT_EQ(sync().Status().options().percent(), percent) << value;
  }
}

TEST_F(TimeSyncTest, StatusSaysWhatTheHostAskedForAndWhatWasDone) {
  Option("time.synchronize.tools.slewCorrection", "1");
  Option("synctime.period", "30");
  Option("synctime", "1");
  clocks_.guest_error = -5 * kSecond;
  EXPECT_TRUE(sync().Synchronize(Direction::kForward, v1::HOST_REQUEST).ok());
  clocks_.guest_error = 40;
  const v1::TimeStatus status = sync().Status();
  EXPECT_EQ(status.mode(), v1::TimeStatus::HOST);
  EXPECT_EQ(status.now().offset_us(), 40);
  EXPECT_EQ(status.now().max_lag_us(), kSecond);
  EXPECT_TRUE(status.options().synchronize());
  EXPECT_EQ(status.options().period_seconds(), 30);
  EXPECT_TRUE(status.options().slew());
  EXPECT_TRUE(status.periodic());
  EXPECT_EQ(status.steps(), 1);
  EXPECT_EQ(status.last_step().delta_us(), 5 * kSecond);
  EXPECT_EQ(status.last_step().reason(), v1::HOST_REQUEST);
  EXPECT_EQ(status.last_step().time_us(), clocks_.host);
}

}  // namespace
}  // namespace toolboxd::host_time
