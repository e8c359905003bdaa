// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/time_status.h"

#include <filesystem>
#include <fstream>

#include "base/testing/short_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::TimeStatus Measured() {
  v1::TimeStatus status;
  status.set_mode(v1::TimeStatus::HOST);
  status.mutable_now()->set_offset_us(-1500);
  status.mutable_now()->set_window_us(12);
  status.mutable_options()->set_period_seconds(60);
  status.mutable_options()->set_percent(50);
  status.mutable_clock()->set_discipline(v1::ClockStatus::NOT_DISCIPLINED);
  return status;
}

std::string Text(const v1::TimeStatus& status, const std::vector<std::string>& services = {}) {
  return TimeText(status, services, absl::UTCTimeZone());
}

TEST(TimeText, ClockWithoutCorrectionIsDescribed) {
  EXPECT_EQ(Text(Measured()),
            "clock           0.001500 s late, within 0.000012 s\n"
            "disciplined by  no service, as far as the kernel knows\n"
            "permitted       what the host asks for (--time_sync=host)\n"
            "the host asks   no periodic synchronization\n"
            "last step       none\n");
}

TEST(TimeText, ClockThatIsCorrected) {
  v1::TimeStatus status = Measured();
  status.set_periodic(true);
  status.mutable_now()->set_offset_us(200);
  status.mutable_now()->set_interrupt_lag_us(300000);
  status.mutable_options()->set_synchronize(true);
  status.mutable_options()->set_slew(true);
  status.mutable_clock()->set_discipline(v1::ClockStatus::BY_TOOLBOXD);
  status.mutable_clock()->set_tick_us(10000);
  status.mutable_clock()->set_frequency(-819268);
  status.set_steps(3);
  status.mutable_last_step()->set_time_us(1700000000123456);
  status.mutable_last_step()->set_delta_us(-2000001);
  status.mutable_last_step()->set_reason(v1::HOST_REQUEST);
  status.set_last_failure("the clock was not set to the host's time: clockd is not there");
  EXPECT_EQ(Text(status),
            "clock           0.000200 s early, within 0.000012 s; the hypervisor "
            "makes up 0.300000 s\n"
            "disciplined by  toolboxd: tick 10000 us, -12.501 ppm\n"
            "permitted       what the host asks for (--time_sync=host)\n"
            "the host asks   periodic synchronization, every 60 s, 50 % of an error each\n"
            "last step       2023-11-14 22:13:20, back by 2.000001 s: the host asked; 3 in all\n"
            "last failure    the clock was not set to the host's time: clockd is not there\n");
}

TEST(TimeText, ClockOfAnotherService) {
  v1::TimeStatus status = Measured();
  status.mutable_clock()->set_discipline(v1::ClockStatus::BY_ANOTHER_SERVICE);
  status.mutable_options()->set_synchronize(true);
  status.set_periodic(true);
  status.set_left_alone(true);
  const std::string text = Text(status, {"chronyd"});
  EXPECT_THAT(text, testing::HasSubstr("disciplined by  another service (chronyd runs)\n"));
  EXPECT_THAT(text, testing::HasSubstr("every 60 s, by steps; left to the other service\n"));
}

TEST(TimeText, UnknownClockSaysWhy) {
  v1::TimeStatus status;
  status.set_mode(v1::TimeStatus::OFF);
  status.set_fault("the host does not say what time it is");
  status.set_clock_fault("clockd is not there");
  EXPECT_EQ(Text(status),
            "clock           not known: the host does not say what time it is\n"
            "disciplined by  not known: clockd is not there\n"
            "permitted       nothing (--time_sync=off)\n"
            "the host asks   no periodic synchronization\n"
            "last step       none\n");
}

TEST(RunningTimeServices, AreKnownByTheirProcesses) {
  ShortTempDir dir;
  for (const auto& [pid, name] : {std::pair("1", "systemd"),
                                  {"20", "systemd-timesyn"},
                                  {"21", "chronyd"},
                                  {"22", "chronyd"},
                                  {"self", "ntpd"}}) {
    std::filesystem::create_directory(dir.File(pid));
    std::ofstream(dir.File(pid) + "/comm") << name << "\n";
  }
  EXPECT_THAT(RunningTimeServices(dir.File(".")), ElementsAre("chronyd", "systemd-timesyncd"));
  EXPECT_THAT(RunningTimeServices(dir.File("none")), IsEmpty());
}

TEST(TimeMain, WrongCommandAndMissingServiceHaveTheirStatus) {
  const auto fails = [] { return absl::UnavailableError("transportd is not there"); };
  EXPECT_EQ(TimeMain("set", fails), 2);
  EXPECT_EQ(TimeMain("status", fails), 1);
}

}  // namespace
}  // namespace toolboxd
