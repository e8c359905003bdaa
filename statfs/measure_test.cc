// SPDX-License-Identifier: Apache-2.0

#include "statfs/measure.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace toolboxd::statfs {
namespace {

namespace fs = std::filesystem;

Reply Ask(const std::string& path) {
  Request request;
  memcpy(request.path, path.data(), std::min(path.size(), kMaxPath));
  return Measure(request);
}

// A file system of 8 MiB below a folder that is closed to others.
class MeasureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0) << "this test needs root";
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    // Whatever links lead to the folder of tests.
    folder_ = fs::canonical(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    disk_ = folder_ / "closed/data";
    fs::create_directories(disk_);
    ASSERT_EQ(chmod((folder_ / "closed").c_str(), 0700), 0);
    ASSERT_EQ(mount("none", disk_.c_str(), "tmpfs", 0, "size=8m"), 0);
  }
  void TearDown() override { umount2(disk_.c_str(), MNT_DETACH); }

  fs::path folder_;
  fs::path disk_;
};

TEST_F(MeasureTest, MountedFileSystemHasItsSizes) {
  std::ofstream(disk_ / "file") << std::string(1 << 20, 'x');
  const Reply reply = Ask(disk_);
  EXPECT_EQ(reply.error, 0);
  EXPECT_EQ(reply.total_bytes, 8u << 20);
  EXPECT_EQ(reply.free_bytes, 7u << 20);
  struct stat status;
  ASSERT_EQ(stat(disk_.c_str(), &status), 0);
  EXPECT_EQ(reply.major, major(status.st_dev));
  EXPECT_EQ(reply.minor, minor(status.st_dev));
}

TEST_F(MeasureTest, FreeIsWhatAUserMayStillWrite) {
  const Reply reply = Ask("/");
  struct statvfs space;
  ASSERT_EQ(statvfs("/", &space), 0);
  EXPECT_EQ(reply.error, 0);
  EXPECT_EQ(reply.total_bytes, uint64_t{space.f_blocks} * space.f_frsize);
  EXPECT_LE(reply.free_bytes, reply.total_bytes);
}

TEST_F(MeasureTest, NothingIsSaidOfOtherPaths) {
  fs::create_directories(disk_ / "folder");
  std::ofstream(disk_ / "file") << "x";
  fs::create_directory_symlink(disk_, folder_ / "link");
  fs::create_directory_symlink(folder_ / "closed", folder_ / "to_closed");
  const std::string disk = disk_;
  for (const std::string& path :
       {folder_.string(), folder_.string() + "/closed", folder_.string() + "/missing",
        disk + "/folder", disk + "/file", disk + "/missing", disk + "/file/below",
        folder_.string() + "/link", folder_.string() + "/to_closed/data", disk + "/", disk + "/.",
        disk + "/../data", disk + "/..", "//" + disk, std::string(), std::string("."),
        disk.substr(1), std::string("/."), std::string("//")}) {
    const Reply reply = Ask(path);
    EXPECT_EQ(reply.error, ENOENT) << path;
    EXPECT_EQ(reply.total_bytes + reply.free_bytes + reply.major + reply.minor, 0u) << path;
  }
}

TEST_F(MeasureTest, FileSystemOnAFileIsMeasured) {
  std::ofstream(folder_ / "file") << "";
  std::ofstream(disk_ / "other") << "x";
  const fs::path file = folder_ / "file";
  ASSERT_EQ(mount((disk_ / "other").c_str(), file.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_EQ(Ask(file).total_bytes, 8u << 20);
  umount2(file.c_str(), MNT_DETACH);
}

TEST_F(MeasureTest, PathsWithoutAnEndAreNotPaths) {
  EXPECT_EQ(Ask(std::string(kMaxPath, '/')).error, ENOENT);
  EXPECT_EQ(Ask("/" + std::string(kMaxPath - 1, 'a')).error, ENOENT);
  EXPECT_EQ(Ask("/" + std::string(kMaxPath - 2, 'a')).error, ENOENT);
  std::string deep;
  while (deep.size() + 3 < kMaxPath) deep += "/a";
  EXPECT_EQ(Ask(deep).error, ENOENT);
}

}  // namespace
}  // namespace toolboxd::statfs
