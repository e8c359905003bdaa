// SPDX-License-Identifier: Apache-2.0

#include "deployd/settings.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseSettings(text).status().message());
}

TEST(DeploySettings, EveryFieldHasItsDefault) {
  for (const char* text : {"", "customization {}"}) {
    const auto settings = ParseSettings(text);
    ASSERT_TRUE(settings.ok()) << settings.status();
    EXPECT_TRUE(settings->enable());
    EXPECT_FALSE(settings->run_scripts());
    EXPECT_EQ(settings->script_time_limit(), 600u);
  }
}

TEST(DeploySettings, FieldsAreRead) {
  const auto settings = ParseSettings(
      "customization { enable: false run_scripts: true script_time_limit: 3000 }  # all");
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_FALSE(settings->enable());
  EXPECT_TRUE(settings->run_scripts());
  EXPECT_EQ(settings->script_time_limit(), 3000u);
}

TEST(DeploySettings, ErrorsHaveTheirPlace) {
  EXPECT_TRUE(absl::StartsWith(ErrorOf("customization {\n  enabled: false\n}"), "line 2, column "))
      << ErrorOf("customization {\n  enabled: false\n}");
  EXPECT_EQ(ErrorOf("customization { script_time_limit: 3001 }"),
            "script_time_limit: 3001 is not between 1 and 3000 seconds");
  EXPECT_EQ(ErrorOf("customization { script_time_limit: 0 }"),
            "script_time_limit: 0 is not between 1 and 3000 seconds");
}

TEST(DeploySettings, FileThatOthersCanWriteIsAnError) {
  ShortTempDir dir;
  const std::string path = dir.File("deploy.textproto");
  EXPECT_TRUE(ReadSettings(path)->enable());
  std::ofstream(path) << "customization { enable: false }";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_FALSE(ReadSettings(path)->enable());
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_TRUE(absl::StrContains(ReadSettings(path).status().message(), path));
}

}  // namespace
}  // namespace toolboxd::deployd
