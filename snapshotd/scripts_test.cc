// SPDX-License-Identifier: Apache-2.0

// The address of the machine's system bus is overridden before anything connects.

#include "snapshotd/scripts.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "daemon/testing/fake_managers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ScriptsTest : public testing::Test {
 protected:
  ScriptsTest() {
    setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1);
    sd_bus* connection = bus_.Connect();
    if (connection != nullptr) managers_ = std::make_unique<FakeManagers>(connection);
    options_.places = {dir_.File("scripts"), dir_.File("legacy")};
    options_.argument_file = dir_.File("argument");
    std::filesystem::create_directory(dir_.File("scripts"));
  }
  void SetUp() override { ASSERT_NE(managers_, nullptr) << "is dbus-daemon installed?"; }

  void AddScript() { std::ofstream(dir_.File("scripts/10-a")) << "#!/bin/sh\n"; }
  absl::Status Run(ScriptEvent event) { return RunScripts(options_, event, "nightly", stop_); }

  ShortTempDir dir_;
  PrivateBus bus_;
  std::unique_ptr<FakeManagers> managers_;
  ScriptOptions options_;
  StopSignal stop_;
};

TEST_F(ScriptsTest, EachEventIsAUnit) {
  AddScript();
  for (ScriptEvent event : {ScriptEvent::kFreeze, ScriptEvent::kThaw, ScriptEvent::kFreezeFail}) {
    EXPECT_TRUE(Run(event).ok());
  }
  EXPECT_THAT(managers_->log(),
              ElementsAre("start toolboxd-snapshot-hook@freeze.service replace",
                          "start toolboxd-snapshot-hook@thaw.service replace",
                          "stop toolboxd-snapshot-hook@freeze.service replace",
                          "stop toolboxd-snapshot-hook@thaw.service replace",
                          "start toolboxd-snapshot-hook@freezeFail.service replace"));
  EXPECT_EQ(ReadWholeFile(options_.argument_file), "nightly");
}

TEST_F(ScriptsTest, ScriptsOfASnapshotThatDiedAreCalledBack) {
  AddScript();
  EXPECT_TRUE(Run(ScriptEvent::kFreeze).ok());
  RecoverScripts(options_, stop_);
  EXPECT_THAT(managers_->log(),
              ElementsAre("start toolboxd-snapshot-hook@freeze.service replace",
                          "stop toolboxd-snapshot-hook@freeze.service replace",
                          "stop toolboxd-snapshot-hook@thaw.service replace",
                          "start toolboxd-snapshot-hook@freezeFail.service replace"));
  EXPECT_FALSE(std::filesystem::exists(options_.argument_file));
}

TEST_F(ScriptsTest, NothingIsCalledBackAfterASnapshotThatEnded) {
  AddScript();
  RecoverScripts(options_, stop_);
  EXPECT_TRUE(Run(ScriptEvent::kFreeze).ok());
  EndScripts(options_);
  RecoverScripts(options_, stop_);
  EXPECT_EQ(managers_->log().size(), 1u);
}

TEST_F(ScriptsTest, NoUnitIsStartedWithoutScripts) {
  EXPECT_TRUE(Run(ScriptEvent::kFreeze).ok());
  EXPECT_THAT(managers_->log(), IsEmpty());
}

TEST_F(ScriptsTest, LegacyScriptCountsAsAScript) {
  std::ofstream(dir_.File("legacy")) << "#!/bin/sh\n";
  EXPECT_TRUE(HasScripts(options_.places));
}

TEST_F(ScriptsTest, MissingUnitIsAnError) {
  AddScript();
  managers_->SetJobResult("none");
  EXPECT_EQ(Run(ScriptEvent::kFreeze).code(), absl::StatusCode::kUnavailable);
}

TEST_F(ScriptsTest, RefusedScriptsAreAnErrorAndNothingIsOwed) {
  AddScript();
  managers_->RefuseActions(true);
  EXPECT_EQ(Run(ScriptEvent::kFreeze).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(std::filesystem::exists(options_.argument_file));
  RecoverScripts(options_, stop_);
  EXPECT_THAT(managers_->log(), ElementsAre("start toolboxd-snapshot-hook@freeze.service replace"));
}

// polkit may be starting again.
TEST_F(ScriptsTest, RefusalAfterTheSnapshotIsAskedAgain) {
  AddScript();
  EXPECT_TRUE(Run(ScriptEvent::kFreeze).ok());
  options_.retry = absl::Milliseconds(5);
  managers_->RefuseActions(true);
  std::thread repairer([this] {
    while (managers_->log().size() < 3) absl::SleepFor(absl::Milliseconds(2));
    managers_->RefuseActions(false);
  });
  EXPECT_TRUE(Run(ScriptEvent::kThaw).ok());
  repairer.join();
}

TEST_F(ScriptsTest, FailedUnitIsAnError) {
  AddScript();
  managers_->SetJobResult("failed");
  EXPECT_EQ(Run(ScriptEvent::kFreeze).code(), absl::StatusCode::kUnknown);
}

// It may have died: those that it has not called are called by another event.
TEST_F(ScriptsTest, UnitThatFailedAfterTheSnapshotIsFollowedByAnother) {
  AddScript();
  managers_->SetJobResult("failed");
  EXPECT_EQ(Run(ScriptEvent::kThaw).code(), absl::StatusCode::kUnknown);
  const std::vector<std::string> log = managers_->log();
  EXPECT_EQ(log[0], "start toolboxd-snapshot-hook@thaw.service replace");
  EXPECT_EQ(log[3], "start toolboxd-snapshot-hook@freezeFail.service replace");
  EXPECT_EQ(log.size(), 1u + 3 * (kMaxCallbacks - 1));
}

TEST_F(ScriptsTest, SystemdIsAskedAgainUntilItCallsBack) {
  AddScript();
  options_.retry = absl::Milliseconds(5);
  managers_->SetJobResult("none");
  std::thread repairer([this] {
    while (managers_->log().size() < 3) absl::SleepFor(absl::Milliseconds(2));
    managers_->SetJobResult("done");
  });
  EXPECT_TRUE(Run(ScriptEvent::kThaw).ok());
  repairer.join();
  EXPECT_GE(managers_->log().size(), 4u);
}

TEST_F(ScriptsTest, ScriptsThatCannotBeCalledBackAreOwed) {
  AddScript();
  EXPECT_TRUE(Run(ScriptEvent::kFreeze).ok());
  options_.retry = options_.time_limit = absl::Milliseconds(20);
  managers_->SetJobResult("none");
  EXPECT_EQ(Run(ScriptEvent::kThaw).code(), absl::StatusCode::kUnavailable);
  RecoverScripts(options_, stop_);
  EXPECT_TRUE(std::filesystem::exists(options_.argument_file));
  managers_->SetJobResult("done");
  RecoverScripts(options_, stop_);
  EXPECT_FALSE(std::filesystem::exists(options_.argument_file));
}

TEST_F(ScriptsTest, UnitThatTakesTooLongIsStopped) {
  AddScript();
  managers_->SetJobResult("");
  options_.time_limit = absl::Milliseconds(50);
  EXPECT_EQ(Run(ScriptEvent::kFreeze).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(managers_->log().back(), "stop toolboxd-snapshot-hook@freeze.service replace");
}

TEST_F(ScriptsTest, StopStopsTheUnit) {
  AddScript();
  managers_->SetJobResult("");
  std::thread stopper([this] {
    while (managers_->log().empty()) absl::SleepFor(absl::Milliseconds(2));
    stop_.Set();
  });
  EXPECT_EQ(Run(ScriptEvent::kFreeze).code(), absl::StatusCode::kCancelled);
  stopper.join();
  EXPECT_EQ(managers_->log().back(), "stop toolboxd-snapshot-hook@freeze.service replace");
}

TEST_F(ScriptsTest, ArgumentThatCannotBeWrittenStartsNothing) {
  AddScript();
  options_.argument_file = dir_.File("missing/argument");
  EXPECT_EQ(Run(ScriptEvent::kFreeze).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(managers_->log(), IsEmpty());
}

}  // namespace
}  // namespace toolboxd::snapshotd
