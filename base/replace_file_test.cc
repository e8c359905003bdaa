// SPDX-License-Identifier: Apache-2.0

#include "base/replace_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "base/status.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"

namespace {

// Whether a file system says so when a file that was written is closed: a network's whose quota is
// used up.
std::atomic<bool> g_full{false};

}  // namespace

// In place of libc's.
extern "C" int close(int fd) {
  struct stat st = {};
  const bool late = g_full && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
  const long closed = syscall(SYS_close, fd);
  if (!late || closed != 0) return static_cast<int>(closed);
  errno = EDQUOT;
  return -1;
}

namespace toolboxd {
namespace {

TEST(ReplaceFile, WritesANewFileWithItsMode) {
  const ShortTempDir dir;
  ASSERT_TRUE(ReplaceFile(dir.File("a"), "content", 0644).ok());
  EXPECT_EQ(ReadWholeFile(dir.File("a")), "content");
  struct stat info;
  ASSERT_EQ(stat(dir.File("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
}

TEST(ReplaceFile, ReplacesTheFileAndWhatAnEarlierAttemptLeft) {
  const ShortTempDir dir;
  ASSERT_TRUE(ReplaceFile(dir.File("a.new"), "left", 0600).ok());
  ASSERT_TRUE(ReplaceFile(dir.File("a"), "old", 0600).ok());
  ASSERT_TRUE(ReplaceFile(dir.File("a"), "", 0600).ok());
  EXPECT_EQ(ReadWholeFile(dir.File("a")), "");
  EXPECT_FALSE(std::filesystem::exists(dir.File("a.new")));
}

TEST(ReplaceFile, LinkIsReplacedNotFollowed) {
  const ShortTempDir dir;
  ASSERT_TRUE(ReplaceFile(dir.File("target"), "target", 0600).ok());
  std::filesystem::create_symlink(dir.File("target"), dir.File("a"));
  std::filesystem::create_symlink(dir.File("target"), dir.File("a.new"));
  ASSERT_TRUE(ReplaceFile(dir.File("a"), "content", 0600).ok());
  EXPECT_EQ(ReadWholeFile(dir.File("target")), "target");
  EXPECT_FALSE(std::filesystem::is_symlink(dir.File("a")));
}

TEST(ReplaceFile, ErrorLeavesTheOldFile) {
  const ShortTempDir dir;
  std::filesystem::create_directory(dir.File("a"));
  const absl::Status status = ReplaceFile(dir.File("a"), "content", 0600);
  EXPECT_EQ(status.message(), dir.File("a") + ": Is a directory");
  EXPECT_TRUE(std::filesystem::is_directory(dir.File("a")));
  EXPECT_FALSE(std::filesystem::exists(dir.File("a.new")));
}

TEST(ReplaceFile, ErrorThatComesWithTheEndLeavesTheOldFile) {
  const ShortTempDir dir;
  ASSERT_TRUE(ReplaceFile(dir.File("a"), "old", 0600).ok());
  g_full = true;
  EXPECT_EQ(ReasonOf(ReplaceFile(dir.File("a"), "content", 0600)), v1::NO_SPACE);
  g_full = false;
  EXPECT_EQ(ReadWholeFile(dir.File("a")), "old");
  EXPECT_FALSE(std::filesystem::exists(dir.File("a.new")));
}

TEST(ReplaceFile, MissingFolderIsNamed) {
  EXPECT_EQ(ReasonOf(ReplaceFile("/nonexistent/a", "", 0600)), v1::NOT_FOUND);
}

}  // namespace
}  // namespace toolboxd
