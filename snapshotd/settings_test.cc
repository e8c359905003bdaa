// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/settings.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseSettings(text).status().message());
}

TEST(SnapshotSettings, EveryFieldHasItsDefault) {
  const auto settings = ParseSettings("");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_TRUE(settings->excluded_file_systems().empty());
  EXPECT_FALSE(settings->ignore_frozen());
  EXPECT_FALSE(settings->sync_only());
  EXPECT_TRUE(settings->has_freeze_file_systems() && settings->freeze_file_systems());
  EXPECT_TRUE(settings->has_run_scripts() && settings->run_scripts());
  EXPECT_EQ(settings->script_argument(), "");
  EXPECT_EQ(settings->time_limit(), 900u);
  EXPECT_EQ(settings->script_time_limit(), 60u);
  EXPECT_EQ(settings->freeze_time_limit(), 30u);
}

TEST(SnapshotSettings, FieldsAreRead) {
  const auto settings = ParseSettings(
      "excluded_file_systems: \"/srv/*\"  # not this one\n"
      "excluded_file_systems: \"**/scratch\"\n"
      "ignore_frozen: true sync_only: true freeze_file_systems: false run_scripts: false\n"
      "script_argument: \"nightly\" time_limit: 14400 script_time_limit: 3600\n"
      "freeze_time_limit: 600\n");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->excluded_file_systems_size(), 2);
  EXPECT_EQ(settings->excluded_file_systems(1), "**/scratch");
  EXPECT_TRUE(settings->ignore_frozen() && settings->sync_only());
  EXPECT_FALSE(settings->freeze_file_systems() || settings->run_scripts());
  EXPECT_EQ(settings->script_argument(), "nightly");
  EXPECT_EQ(settings->time_limit(), 14400u);
  EXPECT_EQ(settings->script_time_limit(), 3600u);
  EXPECT_EQ(settings->freeze_time_limit(), 600u);
}

TEST(SnapshotSettings, SyntaxErrorsHaveTheirPlace) {
  EXPECT_TRUE(absl::StartsWith(ErrorOf("sync_only: true\nexclude: \"/a\"\n"), "line 2, column "))
      << ErrorOf("sync_only: true\nexclude: \"/a\"\n");
}

TEST(SnapshotSettings, LimitsAreWithinTheirRange) {
  EXPECT_EQ(ErrorOf("time_limit: 14401"), "time_limit: 14401 is not between 1 and 14400 seconds");
  EXPECT_EQ(ErrorOf("time_limit: 0"), "time_limit: 0 is not between 1 and 14400 seconds");
  EXPECT_EQ(ErrorOf("script_time_limit: 3601"),
            "script_time_limit: 3601 is not between 1 and 3600 seconds");
  EXPECT_EQ(ErrorOf("freeze_time_limit: 601"),
            "freeze_time_limit: 601 is not between 1 and 600 seconds");
  EXPECT_EQ(ErrorOf("time_limit: 1 script_time_limit: 1 freeze_time_limit: 1"), "");
}

TEST(SnapshotSettings, PatternThatCanMatchNothingIsRefused) {
  EXPECT_EQ(
      ErrorOf("excluded_file_systems: \"srv\""),
      "excluded_file_systems: \"srv\": a pattern starts with \"/\" or \"**\", as mount points "
      "do");
  EXPECT_EQ(
      ErrorOf("excluded_file_systems: \"\""),
      "excluded_file_systems: \"\": a pattern starts with \"/\" or \"**\", as mount points do");
  EXPECT_EQ(ErrorOf("excluded_file_systems: \"/srv/\""),
            "excluded_file_systems: \"/srv/\": no mount point ends with \"/\"");
  EXPECT_EQ(ErrorOf("excluded_file_systems: \"/srv[\""),
            "excluded_file_systems: \"/srv[\": a \"[\" has no \"]\"");
  EXPECT_EQ(ErrorOf("excluded_file_systems: \"/\""), "");
  EXPECT_EQ(ErrorOf("excluded_file_systems: \"**\""), "");
}

TEST(SnapshotSettings, NumberOfPatternsIsLimited) {
  std::string text;
  for (int i = 0; i < 256; ++i) absl::StrAppend(&text, "excluded_file_systems: \"/", i, "\"\n");
  EXPECT_EQ(ErrorOf(text), "");
  EXPECT_EQ(ErrorOf(text + "excluded_file_systems: \"/x\""),
            "excluded_file_systems: more than 256 patterns");
}

TEST(SnapshotSettings, ScriptArgumentFitsWhereItGoes) {
  EXPECT_EQ(ErrorOf(absl::StrCat("script_argument: \"", std::string(256, 'a'), "\"")), "");
  EXPECT_EQ(ErrorOf(absl::StrCat("script_argument: \"", std::string(257, 'a'), "\"")),
            "script_argument: longer than 256 bytes");
  EXPECT_EQ(ErrorOf("script_argument: \"a\\000b\""),
            "script_argument: an argument has no zero byte");
}

class SnapshotSettingsFile : public ::testing::Test {
 protected:
  SnapshotSettingsFile() {
    std::filesystem::create_directory(folder_);
    chmod(folder_.c_str(), 0755);
  }
  void Write(const std::string& text, mode_t mode = 0644) {
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }

  ShortTempDir dir_;
  const std::string folder_ = dir_.File("toolboxd");
  const std::string path_ = folder_ + "/snapshot.textproto";
};

TEST_F(SnapshotSettingsFile, MissingOneMeansTheDefaults) {
  EXPECT_EQ(ReadSettings(path_)->time_limit(), 900u);
  EXPECT_EQ(ReadSettings(dir_.File("nowhere/snapshot.textproto"))->time_limit(), 900u);
}

TEST_F(SnapshotSettingsFile, IsRead) {
  Write("time_limit: 60\n");
  const auto settings = ReadSettings(path_);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->time_limit(), 60u);
}

TEST_F(SnapshotSettingsFile, BrokenOneIsAnErrorWithItsPath) {
  Write("time_limit: 0\n");
  EXPECT_EQ(ReadSettings(path_).status().message(),
            absl::StrCat(path_, ": time_limit: 0 is not between 1 and 14400 seconds"));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSettings(path_).status()));
}

TEST_F(SnapshotSettingsFile, FileThatOthersCanChangeIsRefused) {
  Write("time_limit: 60\n", 0646);
  EXPECT_TRUE(absl::StrContains(ReadSettings(path_).status().message(),
                                absl::StrCat("run: chmod go-w ", path_)))
      << ReadSettings(path_).status();
}

TEST_F(SnapshotSettingsFile, UnreadableFileIsAnError) {
  std::filesystem::create_directory(path_);
  chmod(path_.c_str(), 0755);
  EXPECT_FALSE(ReadSettings(path_).ok());
}

}  // namespace
}  // namespace toolboxd::snapshotd
