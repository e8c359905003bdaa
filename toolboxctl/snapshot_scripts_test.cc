// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_scripts.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::HasSubstr;

class SnapshotScriptsTest : public testing::Test {
 protected:
  SnapshotScriptsTest() {
    options_.folders = {dir_.File("own"), dir_.File("other")};
    options_.last_before = dir_.File("pre-freeze-script");
    options_.first_after = dir_.File("post-thaw-script");
    options_.argument_file = dir_.File("argument");
    options_.record = dir_.File("succeeded");
    for (const std::string& folder : options_.folders) {
      std::filesystem::create_directory(folder);
    }
  }

  // Adds a script that writes down its name and arguments.
  void Script(const std::string& name, const std::string& more = "") {
    std::ofstream(dir_.File(name))
        << "#!/bin/sh\necho \"" << name << " $*\" >>" << dir_.File("log") << "\n"
        << more << "\n";
    ASSERT_EQ(chmod(dir_.File(name).c_str(), 0755), 0);
  }
  absl::Status Run(const std::string& event) { return RunSnapshotScripts(options_, event, stop_); }
  // What the scripts have written since the last call.
  std::string Log() {
    std::string log = ReadWholeFile(dir_.File("log"));
    std::filesystem::remove(dir_.File("log"));
    return log;
  }

  ShortTempDir dir_;
  SnapshotScriptOptions options_;
  StopSignal stop_;
};

TEST_F(SnapshotScriptsTest, RunInOrderAndBackInReverse) {
  Script("own/20-b");
  Script("own/10-a");
  Script("other/05-c");
  Script("pre-freeze-script");
  Script("post-thaw-script");
  ASSERT_TRUE(Run("freeze").ok());
  EXPECT_EQ(Log(),
            "own/10-a freeze\nown/20-b freeze\nother/05-c freeze\npre-freeze-script freeze\n");
  ASSERT_TRUE(Run("thaw").ok());
  EXPECT_EQ(Log(), "post-thaw-script thaw\nother/05-c thaw\nown/20-b thaw\nown/10-a thaw\n");
}

TEST_F(SnapshotScriptsTest, FailingScriptIsNotCalledBack) {
  Script("own/10-a");
  Script("own/20-b", "exit 3");
  Script("own/30-c");
  const absl::Status status = Run("freeze");
  EXPECT_THAT(std::string(status.message()), HasSubstr("20-b: exit status 3"));
  EXPECT_EQ(Log(), "own/10-a freeze\nown/20-b freeze\n");
  ASSERT_TRUE(Run("freezeFail").ok());
  EXPECT_EQ(Log(), "own/10-a freezeFail\n");
}

TEST_F(SnapshotScriptsTest, LegacyScriptAnswersOnlyForACompletePreparation) {
  Script("own/10-a", "exit 1");
  Script("pre-freeze-script");
  Script("post-thaw-script");
  EXPECT_FALSE(Run("freeze").ok());
  Log();
  ASSERT_TRUE(Run("freezeFail").ok());
  EXPECT_EQ(Log(), "");
}

TEST_F(SnapshotScriptsTest, FailureAfterTheSnapshotDoesNotStopTheOthers) {
  Script("own/10-a");
  Script("own/20-b", "[ \"$1\" = freeze ]");
  ASSERT_TRUE(Run("freeze").ok());
  Log();
  EXPECT_THAT(std::string(Run("thaw").message()), HasSubstr("20-b: exit status 1"));
  EXPECT_EQ(Log(), "own/20-b thaw\nown/10-a thaw\n");
}

TEST_F(SnapshotScriptsTest, ArgumentComesAsOneWordAndAsAVariable) {
  std::ofstream(options_.argument_file) << "a b $(touch x)";
  Script("own/10-a",
         "echo \"$# $TOOLBOXD_SNAPSHOT_ARGUMENT $TOOLBOXD_SNAPSHOT_EVENT\" >>" + dir_.File("log"));
  ASSERT_TRUE(Run("freeze").ok());
  EXPECT_EQ(Log(), "own/10-a freeze a b $(touch x)\n2 a b $(touch x) freeze\n");
}

TEST_F(SnapshotScriptsTest, LinkInPlaceOfTheArgumentIsNotFollowed) {
  std::ofstream(dir_.File("secret")) << "secret";
  std::filesystem::create_symlink(dir_.File("secret"), options_.argument_file);
  Script("own/10-a");
  ASSERT_TRUE(Run("freeze").ok());
  EXPECT_EQ(Log(), "own/10-a freeze\n");
}

TEST_F(SnapshotScriptsTest, ScriptThatOthersMayWriteRunsNone) {
  Script("own/10-a");
  Script("own/20-b");
  ASSERT_EQ(chmod(dir_.File("own/20-b").c_str(), 0777), 0);
  EXPECT_EQ(Run("freeze").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Log(), "");
}

TEST_F(SnapshotScriptsTest, FilesThatCannotBeExecutedAreLeftOut) {
  Script("own/10-a");
  Script("own/.hidden");
  Script("own/README");
  ASSERT_EQ(chmod(dir_.File("own/README").c_str(), 0644), 0);
  std::filesystem::create_directory(dir_.File("own/folder"));
  ASSERT_TRUE(Run("freeze").ok());
  EXPECT_EQ(Log(), "own/10-a freeze\n");
}

TEST_F(SnapshotScriptsTest, ScriptsThatAreRemovedMeanwhileAreNotLookedFor) {
  Script("own/10-a");
  Script("own/20-b");
  ASSERT_TRUE(Run("freeze").ok());
  std::filesystem::remove(dir_.File("own/20-b"));
  Log();
  ASSERT_TRUE(Run("thaw").ok());
  EXPECT_EQ(Log(), "own/10-a thaw\n");
}

TEST_F(SnapshotScriptsTest, RecordOfOneSnapshotDoesNotServeTheNext) {
  Script("own/10-a");
  ASSERT_TRUE(Run("freeze").ok());
  ASSERT_TRUE(Run("thaw").ok());
  Script("own/05-first", "exit 1");
  EXPECT_FALSE(Run("freeze").ok());
  Log();
  ASSERT_TRUE(Run("freezeFail").ok());
  EXPECT_EQ(Log(), "");
}

TEST_F(SnapshotScriptsTest, ThawWithoutARecordRunsAllOfTheFolders) {
  Script("own/10-a");
  Script("post-thaw-script");
  ASSERT_TRUE(Run("thaw").ok());
  EXPECT_EQ(Log(), "own/10-a thaw\n") << "nothing says that the preparation was complete";
  ASSERT_TRUE(Run("freezeFail").ok());
  EXPECT_EQ(Log(), "");
}

TEST_F(SnapshotScriptsTest, StopEndsTheScriptThatRunsAndStartsNoOther) {
  Script("own/10-a");
  Script("own/20-b", "[ \"$1\" = freeze ] || exec sleep 600");
  ASSERT_TRUE(Run("freeze").ok());
  Log();
  std::thread stopper([this] {
    // The shell makes the file before it writes the line.
    Eventually([this] { return !ReadWholeFile(dir_.File("log")).empty(); });
    stop_.Set();
  });
  EXPECT_EQ(Run("thaw").code(), absl::StatusCode::kCancelled);
  stopper.join();
  EXPECT_EQ(Log(), "own/20-b thaw\n");
  // The rest is called later, once.
  EXPECT_TRUE(RunSnapshotScripts(options_, "freezeFail", StopSignal()).ok());
  EXPECT_EQ(Log(), "own/10-a freezeFail\n");
  EXPECT_TRUE(RunSnapshotScripts(options_, "freezeFail", StopSignal()).ok());
  EXPECT_EQ(Log(), "");
}

// As a process that is killed leaves it: the script runs, and no other one waits for it.
TEST_F(SnapshotScriptsTest, ScriptThatStillRunsAfterTheDeathOfItsCallerIsEndedAndCalledBack) {
  Script("own/10-a");
  Script("own/20-b", "[ \"$1\" = freezeFail ] || exec >/dev/null sleep 600 </dev/null");
  std::ofstream(options_.record) << dir_.File("own/10-a") << "\nrunning " << dir_.File("own/20-b");
  const std::string script = dir_.File("own/20-b");
  const pid_t orphan = fork();
  ASSERT_GE(orphan, 0);
  if (orphan == 0) {
    setpgid(0, 0);
    // Not exec of the script's own: the command line is what counts.
    execl("/bin/sh", "sh", "-c", "sleep 600; :", script.c_str(), "freeze", nullptr);
    _exit(127);
  }
  ASSERT_TRUE(Eventually([&] { return getpgid(orphan) == orphan; }));
  const std::string command = absl::StrCat("/proc/", orphan, "/cmdline");
  ASSERT_TRUE(Eventually([&] { return ReadWholeFile(command).find("20-b") != std::string::npos; }));
  EXPECT_TRUE(Run("freezeFail").ok());
  int status = 0;
  EXPECT_EQ(waitpid(orphan, &status, 0), orphan);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(Log(), "own/20-b freezeFail\nown/10-a freezeFail\n");
}

TEST_F(SnapshotScriptsTest, ScriptThatOthersMayWriteMeanwhileIsLeftOutAndTheOthersAreCalledBack) {
  Script("own/10-a");
  Script("own/20-b");
  ASSERT_TRUE(Run("freeze").ok());
  Log();
  ASSERT_EQ(chmod(dir_.File("own/20-b").c_str(), 0777), 0);
  EXPECT_EQ(Run("thaw").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Log(), "own/10-a thaw\n");
}

TEST_F(SnapshotScriptsTest, UnknownEventIsAnError) {
  EXPECT_EQ(Run("halt").message(), "'halt' is not freeze, thaw or freezeFail");
}

}  // namespace
}  // namespace toolboxd
