// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/time.h"

#include <string>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "transportd/host_time/testing/fake_clocks.h"
#include "transportd/host_time/testing/fake_setter.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

class TimeRoutesTest : public testing::Test {
 protected:
  TimeRoutesTest() {
    clocks_.pause = 0;
    AddTimeRoutes(router_, &sync_);
  }
  std::string Dispatch(const std::string& request) {
    const TcloReply reply = router_.Dispatch(request);
    return (reply.ok ? "OK " : "ERROR ") + reply.data;
  }

  ShortTempDir dir_;
  host_time::FakeClocks clocks_;
  host_time::FakeSetter setter_{&clocks_};
  host_time::OncePerBoot startup_{dir_.File("mark")};
  host_time::TimeSync sync_{
      v1::TimeStatus::HOST,
      {.sample =
           [this] { return host_time::TakeSample(clocks_, [this] { return clocks_.Guest(); }); },
       .stop_catch_up = [this] { host_time::StopCatchUp(clocks_); },
       .setter = &setter_,
       .startup = &startup_,
       .now = [] { return absl::UnixEpoch(); },
       .at = [](absl::Time, std::function<void()>) {},
       .standstill = [] { return false; }}};
  Router router_;
};

// Measured with vmtoolsd 12.2.0.
TEST_F(TimeRoutesTest, OnlyTheArgumentOneStepsTheClockBack) {
  for (const std::string& argument : {"0"s, "2"s, "-1"s, "0 1"s, "0\0"s, "0x2"s}) {
    clocks_.guest_error = 2000000;
    EXPECT_EQ(Dispatch("Time_Synchronize " + argument), "OK ");
    EXPECT_TRUE(setter_.steps.empty()) << argument;
  }
  size_t steps = 0;
  for (const std::string& argument : {"1"s, "01"s, " 1"s, "1 0"s, "+1"s, "0x1"s, "1\0"s}) {
    clocks_.guest_error = 2000000;
    EXPECT_EQ(Dispatch("Time_Synchronize " + argument), "OK ");
    EXPECT_EQ(setter_.steps.size(), ++steps) << argument;
  }
}

TEST_F(TimeRoutesTest, ArgumentThatIsNotANumberIsAnError) {
  clocks_.guest_error = -2000000;
  for (const std::string& argument :
       {""s, " "s, " \0"s, " yes"s, " 1x"s, " x1"s, " 1.5"s, " 4294967297"s, " 0x"s, " 0xg"s}) {
    EXPECT_EQ(Dispatch("Time_Synchronize" + argument), "ERROR Unable to tokenize TimeSync RPC data")
        << argument;
  }
  EXPECT_TRUE(setter_.steps.empty());
}

TEST_F(TimeRoutesTest, FailureHasVmtoolsdsText) {
  clocks_.guest_error = -2000000;
  setter_.step_status = absl::PermissionDeniedError("no");
  EXPECT_EQ(Dispatch("Time_Synchronize 0"), "ERROR Unable to sync time");
}

TEST_F(TimeRoutesTest, TimeInfoIsNotEnabled) {
  EXPECT_EQ(Dispatch("TimeInfo_Update"), "ERROR TimeInfo not enabled");
}

}  // namespace
}  // namespace toolboxd
