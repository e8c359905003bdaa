// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/power.h"

#include "gtest/gtest.h"
#include "transportd/rpc/testing/rpci_recorder.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

class PowerTest : public testing::Test {
 protected:
  PowerTest()
      : routes_(host_.Send(), [this](PowerState state, bool hooks, HooksFinished finished) {
          if (begin_status_.ok()) {
            begun_.push_back(state);
            hooks_.push_back(hooks);
            finished_ = std::move(finished);
          }
          return begin_status_;
        }) {
    routes_.AddTo(router_);
  }
  std::string Dispatch(const std::string& request) { return router_.Dispatch(request).Encode(); }

  RpciRecorder host_;
  absl::Status begin_status_;
  std::vector<PowerState> begun_;
  // Whether each of them was begun with its hooks.
  std::vector<bool> hooks_;
  HooksFinished finished_;
  PowerRoutes routes_;
  Router router_;
};

TEST_F(PowerTest, StatusFollowsTheHooks) {
  EXPECT_EQ(Dispatch("OS_PowerOn"), "OK ");
  EXPECT_TRUE(host_.requests.empty());
  EXPECT_TRUE(finished_(absl::OkStatus()));
  EXPECT_EQ(host_.requests, (std::vector<std::string>{"tools.os.statechange.status 1 3\0"s}));
}

TEST_F(PowerTest, EachCommandHasItsNumberInTheStatus) {
  const std::pair<const char*, int> commands[] = {
      {"OS_Halt", 1}, {"OS_Reboot", 2}, {"OS_PowerOn", 3}, {"OS_Resume", 4}, {"OS_Suspend", 5}};
  for (const auto& [command, number] : commands) {
    EXPECT_EQ(Dispatch(command), "OK ");
    EXPECT_EQ(static_cast<int>(begun_.back()), number);
    finished_(absl::OkStatus());
    EXPECT_EQ(host_.requests.back(),
              "tools.os.statechange.status 1 " + std::to_string(number) + "\0"s);
  }
}

TEST_F(PowerTest, SecondEventWhileOneRunsIsRefused) {
  EXPECT_EQ(Dispatch("OS_Halt"), "OK ");
  EXPECT_EQ(Dispatch("OS_Reboot"), "ERROR State change already in progress");
  EXPECT_EQ(begun_.size(), 1u);
  finished_(absl::OkStatus());
  begin_status_ = absl::FailedPreconditionError("an event runs");
  EXPECT_EQ(Dispatch("OS_Reboot"), "ERROR State change already in progress");
  EXPECT_EQ(host_.requests.size(), 1u);
}

TEST_F(PowerTest, FailedHooksStopTheEventUntilTheSecondTime) {
  Dispatch("OS_Halt");
  EXPECT_FALSE(finished_(absl::AbortedError("10-x exited with 1")));
  Dispatch("OS_Halt");
  EXPECT_TRUE(finished_(absl::AbortedError("10-x exited with 1")));
  Dispatch("OS_Halt");
  EXPECT_FALSE(finished_(absl::AbortedError("10-x exited with 1")));
  Dispatch("OS_Reboot");
  EXPECT_FALSE(finished_(absl::AbortedError("10-x exited with 1")));
  EXPECT_EQ(host_.requests,
            (std::vector<std::string>{
                "tools.os.statechange.status 0 1\0"s, "tools.os.statechange.status 1 1\0"s,
                "tools.os.statechange.status 0 1\0"s, "tools.os.statechange.status 0 2\0"s}));
}

// As when powerd has died, or its shutdown command has no process: nothing would happen.
TEST_F(PowerTest, EventThatCannotGoOnFailsEachTime) {
  for (int i = 0; i < 3; ++i) {
    Dispatch("OS_Halt");
    EXPECT_FALSE(finished_(absl::UnavailableError("powerd died")));
    EXPECT_EQ(host_.requests.back(), "tools.os.statechange.status 0 1\0"s);
  }
  // Nor is it the first of two failures of the hooks.
  Dispatch("OS_Halt");
  EXPECT_FALSE(finished_(absl::AbortedError("10-x exited with 1")));
  Dispatch("OS_Halt");
  EXPECT_TRUE(finished_(absl::AbortedError("10-x exited with 1")));
}

TEST_F(PowerTest, HooksOfAnEventCanBeSwitchedOffAndOn) {
  const auto begin_all = [this] {
    hooks_.clear();
    for (const char* command : {"OS_PowerOn", "OS_Halt", "OS_Reboot", "OS_Resume", "OS_Suspend"}) {
      EXPECT_EQ(Dispatch(command), "OK ");
      finished_(absl::OkStatus());
    }
    return hooks_;
  };
  EXPECT_EQ(begin_all(), (std::vector<bool>{true, true, true, true, true}));
  EXPECT_TRUE(routes_.SetToolScripts("toolScripts.beforePowerOff", false));
  EXPECT_EQ(begin_all(), (std::vector<bool>{true, false, false, true, true}));
  EXPECT_TRUE(routes_.SetToolScripts("toolScripts.afterPowerOn", false));
  EXPECT_TRUE(routes_.SetToolScripts("toolScripts.beforePowerOff", true));
  EXPECT_EQ(begin_all(), (std::vector<bool>{false, true, true, true, true}));
  EXPECT_TRUE(routes_.SetToolScripts("toolScripts.afterResume", false));
  EXPECT_TRUE(routes_.SetToolScripts("toolScripts.beforeSuspend", false));
  EXPECT_EQ(begin_all(), (std::vector<bool>{false, true, true, false, false}));
  EXPECT_FALSE(routes_.SetToolScripts("toolScripts.other", false));
  // The host gets a status with and without hooks.
  EXPECT_EQ(host_.requests.size(), 20u);
}

TEST_F(PowerTest, MissingPowerdIsAnErrorAndStatusZero) {
  begin_status_ = absl::UnavailableError("powerd is down");
  EXPECT_EQ(Dispatch("OS_Halt"), "ERROR Error starting script");
  EXPECT_EQ(host_.requests, (std::vector<std::string>{"tools.os.statechange.status 0 1\0"s}));
  begin_status_ = absl::OkStatus();
  EXPECT_EQ(Dispatch("OS_Halt"), "OK ");
}

TEST_F(PowerTest, EventProceedsEvenIfItsStatusIsLost) {
  Dispatch("OS_Halt");
  host_.down = true;
  EXPECT_TRUE(finished_(absl::OkStatus()));
}

}  // namespace
}  // namespace toolboxd
