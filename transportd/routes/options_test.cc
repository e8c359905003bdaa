// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/options.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

class HostOptionsTest : public testing::Test {
 protected:
  HostOptionsTest() {
    AddOptionRoutes(router_, {.broadcast_ip =
                                  [this](bool on) {
                                    broadcasts_.push_back(on);
                                    return broadcast_status_;
                                  },
                              .tool_scripts =
                                  [this](absl::string_view option, bool on) {
                                    if (option != "toolScripts.afterPowerOn") return false;
                                    scripts_.push_back(on);
                                    return true;
                                  },
                              .time =
                                  [this](absl::string_view option, absl::string_view value) {
                                    time_.push_back(absl::StrCat(option, "=", value));
                                  }});
  }
  std::string Dispatch(const std::string& request) { return router_.Dispatch(request).Encode(); }

  std::vector<bool> broadcasts_;
  absl::Status broadcast_status_;
  std::vector<bool> scripts_;
  std::vector<std::string> time_;
  Router router_;
};

TEST_F(HostOptionsTest, BroadcastIpIsSwitchedOnAndOff) {
  EXPECT_EQ(Dispatch("Set_Option broadcastIP 1"), "OK ");
  EXPECT_EQ(Dispatch("Set_Option broadcastIP 1\0"s), "OK ");
  EXPECT_EQ(Dispatch("Set_Option broadcastIP 0"), "OK ");
  EXPECT_EQ(Dispatch("Set_Option broadcastIP 0\0"s), "OK ");
  EXPECT_EQ(broadcasts_, (std::vector<bool>{true, true, false, false}));
}

TEST_F(HostOptionsTest, FailedBroadcastIpIsAnError) {
  broadcast_status_ = absl::FailedPreconditionError("0 no");
  EXPECT_EQ(Dispatch("Set_Option broadcastIP 1"), "ERROR The address was refused");
  broadcast_status_ = absl::UnavailableError("no channel");
  EXPECT_EQ(Dispatch("Set_Option broadcastIP 1"), "ERROR The address could not be sent");
}

TEST_F(HostOptionsTest, OptionsAboutTheClockArePassedOnAsTheyAre) {
  EXPECT_EQ(Dispatch("Set_Option synctime 0"), "OK ");
  EXPECT_EQ(Dispatch("Set_Option synctime maybe"), "OK ");
  EXPECT_EQ(Dispatch("Set_Option synctime.period 60\0"s), "OK ");
  EXPECT_EQ(Dispatch("Set_Option time.synchronize.tools.startup 1"), "OK ");
  EXPECT_EQ(Dispatch("Set_Option time.synchronize.allow 1 2"), "OK ");
  EXPECT_EQ(time_, (std::vector<std::string>{"synctime=0", "synctime=maybe", "synctime.period=60",
                                             "time.synchronize.tools.startup=1",
                                             "time.synchronize.allow=1 2"}));
}

TEST_F(HostOptionsTest, ToolScriptsAreSwitchedOffAndOn) {
  EXPECT_EQ(Dispatch("Set_Option toolScripts.afterPowerOn 0"), "OK ");
  EXPECT_EQ(Dispatch("Set_Option toolScripts.afterPowerOn 1\0"s), "OK ");
  EXPECT_EQ(scripts_, (std::vector<bool>{false, true}));
}

// Measured with vmtoolsd 12.2.0.
TEST_F(HostOptionsTest, UnknownOptionsAndValuesAreAcceptedWithoutEffect) {
  for (const std::string& request :
       {"Set_Option nonsense 1"s, "Set_Option copypaste 0"s, "Set_Option synctimes 1"s,
        "Set_Option time.synchronize 1"s, "Set_Option broadcastIP 2"s, "Set_Option broadcastIP 1 "s,
        "Set_Option broadcastIP 1\0\0"s, "Set_Option toolScripts.afterPowerOn 2"s,
        "Set_Option toolScripts.afterPowerOn true"s, "Set_Option toolScripts.nonsense 1"s,
        "Set_Option toolScripts. 1"s}) {
    EXPECT_EQ(Dispatch(request), "OK ") << request;
  }
  EXPECT_TRUE(broadcasts_.empty());
  EXPECT_TRUE(scripts_.empty());
  EXPECT_TRUE(time_.empty());
}

TEST_F(HostOptionsTest, OptionWithoutNameOrValueIsAnError) {
  for (const std::string& request :
       {"Set_Option"s, "Set_Option "s, "Set_Option  "s, "Set_Option\0"s, "Set_Option broadcastIP"s,
        "Set_Option broadcastIP\0"s, "Set_Option broadcastIP "s, "Set_Option broadcastIP \0"s,
        "Set_Option  1"s, "Set_Option synctime"s, "Set_Option nonsense"s}) {
    EXPECT_EQ(Dispatch(request), "ERROR Unknown or invalid option") << request;
  }
  EXPECT_TRUE(broadcasts_.empty());
  EXPECT_TRUE(time_.empty());
}

TEST(ParseHostOption, ValueMayContainSpaces) {
  const std::string arguments = "a b c\0"s;
  const auto option = ParseOption(arguments);
  ASSERT_TRUE(option.ok());
  EXPECT_EQ(option->name, "a");
  EXPECT_EQ(option->value, "b c");
}

}  // namespace
}  // namespace toolboxd
