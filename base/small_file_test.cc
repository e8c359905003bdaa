// SPDX-License-Identifier: Apache-2.0

#include "base/small_file.h"

#include <errno.h>
#include <sys/stat.h>

#include <fstream>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class SmallFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return path_;
  }

  ShortTempDir dir_;
  const std::string path_ = dir_.File("file");
  std::string text_ = "of an earlier call";
};

TEST_F(SmallFileTest, ReadsAllOfASmallFile) {
  EXPECT_EQ(ReadSmallFile(Write("0123456789"), 10, text_), 0);
  EXPECT_EQ(text_, "0123456789");
  EXPECT_EQ(ReadSmallFileOrEmpty(path_, 100), "0123456789");
}

TEST_F(SmallFileTest, StopsAtItsLimit) {
  EXPECT_EQ(ReadSmallFile(Write(std::string(100'000, 'x')), 50'000, text_), 0);
  EXPECT_EQ(text_.size(), 50'000u);
  EXPECT_EQ(ReadSmallFileOrEmpty(path_, 0), "");
}

TEST_F(SmallFileTest, ReadsFilesOfProc) {
  EXPECT_GT(ReadSmallFileOrEmpty("/proc/self/stat", 4096).size(), 20u);
}

TEST_F(SmallFileTest, UnreadableFileReturnsItsErrno) {
  EXPECT_EQ(ReadSmallFile(path_, 10, text_), ENOENT);
  EXPECT_EQ(text_, "");
  EXPECT_EQ(ReadSmallFile(dir_.path(), 10, text_), EISDIR);
  EXPECT_EQ(ReadSmallFileOrEmpty(path_, 10), "");
}

TEST_F(SmallFileTest, DoesNotWaitForTheWriterOfAFifo) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(ReadSmallFile(path_, 10, text_), 0);
  EXPECT_EQ(text_, "");
}

}  // namespace
}  // namespace toolboxd
