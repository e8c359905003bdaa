// SPDX-License-Identifier: Apache-2.0

#include "base/config_file.h"

#include <fstream>

#include "absl/strings/match.h"
#include "base/status.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/errors.pb.h"

namespace toolboxd {
namespace {

class ConfigFileTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> Read(const std::string& text) {
    std::ofstream(dir_.File("config")) << text;
    return ReadTextFile(dir_.File("config"));
  }

  ShortTempDir dir_;
};

TEST_F(ConfigFileTest, FileOfOneMebibyteIsReadAndALargerOneRefused) {
  const std::string largest(1 << 20, '#');
  const absl::StatusOr<std::string> text = Read(largest);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, largest);
  EXPECT_EQ(ReasonOf(Read(largest + "#").status()), v1::FILE_TOO_BIG);
}

TEST_F(ConfigFileTest, MissingFileIsNotFoundAndAnUnreadableOneIsNot) {
  EXPECT_TRUE(absl::IsNotFound(ReadTextFile(dir_.File("none")).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadTextFile(dir_.File("none/none")).status()));
  Read("").IgnoreError();
  EXPECT_TRUE(absl::IsNotFound(ReadTextFile(dir_.File("config/none")).status()));
  const absl::Status folder = ReadTextFile(dir_.path()).status();
  EXPECT_FALSE(folder.ok());
  EXPECT_FALSE(absl::IsNotFound(folder)) << folder;
}

TEST_F(ConfigFileTest, FirstFaultIsNamedByLineAndColumn) {
  v1::ErrorDetail message;
  const absl::Status status = ParseTextProto("os_error: 1\nos_eror: 2\n]", message);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_TRUE(absl::StartsWith(status.message(), "line 2, column ")) << status;
  EXPECT_TRUE(ParseTextProto("os_error: 1 # as it is", message).ok());
  EXPECT_EQ(message.os_error(), 1);
}

}  // namespace
}  // namespace toolboxd
