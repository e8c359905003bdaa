// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/file_watch.h"

#include <poll.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() { fs::create_directories(root_ / "etc"); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  FileWatch Open() { return FileWatch::Open({(root_ / "etc/resolv.conf").string()}).value(); }

  static bool Readable(const FileWatch& watch) {
    pollfd fd = {watch.fd(), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
  }

  const fs::path root_ = fs::path(::testing::TempDir()) /
                         ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(FileWatchTest, ReportsNoChangeWithoutEvents) {
  Write("etc/resolv.conf", "a");
  FileWatch watch = Open();
  EXPECT_FALSE(Readable(watch));
  EXPECT_FALSE(watch.Drain());
}

TEST_F(FileWatchTest, WritingCreatingAndRemovingAreChanges) {
  FileWatch watch = Open();
  Write("etc/resolv.conf", "a");
  EXPECT_TRUE(watch.Drain());
  Write("etc/resolv.conf", "b");
  EXPECT_TRUE(watch.Drain());
  fs::remove(root_ / "etc/resolv.conf");
  EXPECT_TRUE(watch.Drain());
  EXPECT_FALSE(watch.Drain());
}

TEST_F(FileWatchTest, RenameOverTheFileIsAChange) {
  Write("etc/resolv.conf", "a");
  FileWatch watch = Open();
  Write("etc/resolv.conf.tmp", "b");
  watch.Drain();
  fs::rename(root_ / "etc/resolv.conf.tmp", root_ / "etc/resolv.conf");
  EXPECT_TRUE(watch.Drain());
}

TEST_F(FileWatchTest, OtherFilesAreIgnored) {
  FileWatch watch = Open();
  Write("etc/passwd", "a");
  EXPECT_TRUE(Readable(watch));
  EXPECT_FALSE(watch.Drain());
}

TEST_F(FileWatchTest, ChangedTargetOfALinkIsAChange) {
  Write("run/resolve/resolv.conf", "a");
  fs::create_symlink("../run/resolve/resolv.conf", root_ / "etc/resolv.conf");
  FileWatch watch = Open();
  Write("run/resolve/resolv.conf", "b");
  EXPECT_TRUE(watch.Drain());
}

TEST_F(FileWatchTest, TargetThatAppearsLaterIsAChange) {
  fs::create_symlink("../run/resolve/resolv.conf", root_ / "etc/resolv.conf");
  FileWatch watch = Open();
  fs::create_directories(root_ / "run");
  EXPECT_TRUE(watch.Drain());
  fs::create_directories(root_ / "run/resolve");
  EXPECT_TRUE(watch.Drain());
  Write("run/resolve/resolv.conf", "a");
  EXPECT_TRUE(watch.Drain());
}

TEST_F(FileWatchTest, ReplacedLinkIsAChange) {
  Write("run/old", "a");
  Write("run/new", "b");
  fs::create_symlink("../run/old", root_ / "etc/resolv.conf");
  FileWatch watch = Open();
  fs::create_symlink("../run/new", root_ / "etc/resolv.conf.tmp");
  watch.Drain();
  fs::rename(root_ / "etc/resolv.conf.tmp", root_ / "etc/resolv.conf");
  EXPECT_TRUE(watch.Drain());
  Write("run/new", "c");
  EXPECT_TRUE(watch.Drain());
  Write("run/old", "c");
  EXPECT_FALSE(watch.Drain());
}

TEST_F(FileWatchTest, LinksInACircleEnd) {
  fs::create_symlink("other", root_ / "etc/resolv.conf");
  fs::create_symlink("resolv.conf", root_ / "etc/other");
  FileWatch watch = Open();
  EXPECT_FALSE(watch.Drain());
}

TEST_F(FileWatchTest, RemovedFolderIsWatchedAgain) {
  Write("etc/resolv.conf", "a");
  FileWatch watch = Open();
  fs::remove_all(root_ / "etc");
  EXPECT_TRUE(watch.Drain());
  Write("etc/resolv.conf", "b");
  EXPECT_TRUE(watch.Drain());
  Write("etc/resolv.conf", "c");
  EXPECT_TRUE(watch.Drain());
}

}  // namespace
}  // namespace toolboxd::guestinfod
