// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/customize_scripts.h"

#include <sys/stat.h>

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

namespace fs = std::filesystem;
using testing::HasSubstr;

class CustomizeScriptsTest : public testing::Test {
 protected:
  CustomizeScriptsTest() {
    options_.folder = dir_.File("customize.d");
    options_.request = dir_.File("request");
    options_.outcome = dir_.File("outcome");
    options_.settings = dir_.File("settings");
    Permit("enable: true run_scripts: true");
    fs::create_directory(options_.folder);
    fs::permissions(options_.folder, fs::perms::owner_all);
  }

  // Adds a script that writes down its name and standard input.
  void Script(const std::string& name, const std::string& more = "") {
    const std::string path = options_.folder + "/" + name;
    std::ofstream(path) << "#!/bin/sh\necho \"" << name << " $(cat)\" >>" << dir_.File("log")
                        << "\n"
                        << more << "\n";
    ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  }
  void Request(const std::string& json, absl::Duration limit = absl::Seconds(60)) {
    std::ofstream(options_.request) << deployd::Encode({"0a", limit, json});
  }
  absl::Status Run() { return RunCustomizeScripts(options_, stop_); }
  std::string Log() { return ReadWholeFile(dir_.File("log")); }
  void Permit(const std::string& settings) {
    std::ofstream(options_.settings) << "customization { " << settings << " }\n";
    fs::permissions(options_.settings, fs::perms::owner_read | fs::perms::owner_write);
  }
  std::string Outcome() { return ReadWholeFile(options_.outcome); }

  ShortTempDir dir_;
  CustomizeScriptOptions options_;
  StopSignal stop_;
};

TEST_F(CustomizeScriptsTest, EachGetsTheCustomizationOnStandardInput) {
  Script("20-b");
  Script("10-a");
  Request("{\"host_name\":\"web1\"}");
  const absl::Status status = Run();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Log(), "10-a {\"host_name\":\"web1\"}\n20-b {\"host_name\":\"web1\"}\n");
  EXPECT_EQ(Outcome(), "0a ok\n");
  EXPECT_FALSE(fs::exists(options_.request));
  struct stat info;
  ASSERT_EQ(stat(options_.outcome.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST_F(CustomizeScriptsTest, FailureEndsThemAndIsNamed) {
  Script("10-a", "exit 3");
  Script("20-b");
  Request("{}");
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(Log(), "10-a {}\n");
  EXPECT_EQ(Outcome(), absl::StrCat("0a failed ", options_.folder, "/10-a: exit status 3\n"));
}

TEST_F(CustomizeScriptsTest, ScriptThatOthersCanChangeRunsNone) {
  Script("10-a");
  Script("20-b");
  ASSERT_EQ(chmod((options_.folder + "/20-b").c_str(), 0777), 0);
  Request("{}");
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(Log(), "");
  EXPECT_THAT(Outcome(), HasSubstr("20-b"));
}

TEST_F(CustomizeScriptsTest, FolderWithoutScriptsIsAFailure) {
  std::ofstream(options_.folder + "/README") << "text";
  Request("{}");
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(Outcome(), absl::StrCat("0a failed ", options_.folder, " has no executable script\n"));
}

TEST_F(CustomizeScriptsTest, TimeIsLimited) {
  Script("10-a", "sleep 60");
  Request("{}", absl::Seconds(1));
  EXPECT_EQ(Run().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Outcome(), HasSubstr("10-a: ended, because all scripts together have 1s"));
}

TEST_F(CustomizeScriptsTest, StopEndsTheScript) {
  Script("10-a", "sleep 60");
  Request("{}");
  std::thread stopper([this] {
    EXPECT_TRUE(Eventually([this] { return !Log().empty(); }));
    stop_.Set();
  });
  EXPECT_EQ(Run().code(), absl::StatusCode::kCancelled);
  stopper.join();
}

TEST_F(CustomizeScriptsTest, OtherFilesAreRefusedAndRemoved) {
  Script("10-a");
  EXPECT_FALSE(Run().ok());
  std::ofstream(dir_.File("other")) << deployd::Encode({"0a", absl::Seconds(1), "{}"});
  fs::create_symlink(dir_.File("other"), options_.request);
  EXPECT_FALSE(Run().ok());
  EXPECT_FALSE(fs::is_symlink(options_.request));
  ASSERT_EQ(mkfifo(options_.request.c_str(), 0600), 0);
  EXPECT_FALSE(Run().ok());
  std::ofstream(options_.request) << "broken";
  EXPECT_FALSE(Run().ok());
  EXPECT_FALSE(fs::exists(options_.request));
  EXPECT_EQ(Log(), "");
  EXPECT_EQ(Outcome(), "");
}

// deployd asks the settings before it requests anything; whoever else writes a request does not.
TEST_F(CustomizeScriptsTest, NothingRunsThatTheSettingsDoNotPermit) {
  Script("10-a");
  for (const char* settings : {"", "run_scripts: false", "enable: false run_scripts: true"}) {
    Permit(settings);
    Request("{}");
    EXPECT_TRUE(absl::IsFailedPrecondition(Run())) << settings;
    EXPECT_EQ(Log(), "") << settings;
  }
}

}  // namespace
}  // namespace toolboxd
