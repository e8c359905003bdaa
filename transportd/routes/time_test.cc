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

TEST_F(TimeRoutesTest, OnlyOneGoesBack) {
  for (const std::string& arguments : {" 0"s, ""s, " "s, " 01"s, " 1 1"s, " \0"s}) {
    clocks_.guest_error = 2000000;
    EXPECT_EQ(Dispatch("Time_Synchronize" + arguments), "OK ");
    EXPECT_TRUE(setter_.steps.empty());
  }
  EXPECT_EQ(Dispatch("Time_Synchronize 1"), "OK ");
  EXPECT_EQ(setter_.steps.size(), 1);
  clocks_.guest_error = 2000000;
  EXPECT_EQ(Dispatch("Time_Synchronize 1\0"s), "OK ");
  EXPECT_EQ(setter_.steps.size(), 2);
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
