// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/attributes.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(SetAttributes, ChangesOnlyWhatIsGiven) {
  TestDirectory dir;
  const std::string file = dir.File("file", "12345", 0640);
  v1::FileAttributes attributes;
  attributes.set_modification_time(1000000001);
  const struct stat before = StatOf(file);
  ASSERT_THAT(SetAttributes(file, attributes), IsOk());
  const struct stat after = StatOf(file);
  EXPECT_EQ(after.st_mtim.tv_sec, 1);
  EXPECT_EQ(after.st_mtim.tv_nsec, 1);
  EXPECT_EQ(after.st_atim.tv_sec, before.st_atim.tv_sec);
  EXPECT_EQ(after.st_atim.tv_nsec, before.st_atim.tv_nsec);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_size, 5);
}

TEST(SetAttributes, SetsTheAccessTimeAloneAlsoBefore1970) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  v1::FileAttributes attributes;
  attributes.set_access_time(-1);
  const struct stat before = StatOf(file);
  ASSERT_THAT(SetAttributes(file, attributes), IsOk());
  EXPECT_EQ(StatOf(file).st_atim.tv_sec, -1);
  EXPECT_EQ(StatOf(file).st_atim.tv_nsec, 999999999);
  EXPECT_EQ(StatOf(file).st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST(SetAttributes, SetsTheOwnerBeforeThePermissions) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  v1::FileAttributes attributes;
  attributes.set_gid(7);
  attributes.set_permissions(04755);
  ASSERT_THAT(SetAttributes(file, attributes), IsOk());
  EXPECT_EQ(StatOf(file).st_gid, 7u);
  EXPECT_EQ(StatOf(file).st_uid, 0u);
  EXPECT_EQ(ModeOf(file), 04755u);
}

TEST(SetAttributes, SetsSizeAndTimeTogether) {
  TestDirectory dir;
  const std::string file = dir.File("file", "12345");
  v1::FileAttributes attributes;
  attributes.set_size(2);
  attributes.set_modification_time(5000000000);
  ASSERT_THAT(SetAttributes(file, attributes), IsOk());
  EXPECT_EQ(ReadFile(file), "12");
  EXPECT_EQ(StatOf(file).st_mtim.tv_sec, 5);
}

TEST(SetAttributes, SizeOfAFileOnWhichItsOwnerHasALeaseIsBusyAtOnce) {
  TestDirectory dir;
  const std::string file = dir.File("f", "content");
  const Lease lease(file);
  v1::FileAttributes attributes;
  attributes.set_size(2);
  EXPECT_THAT(SetAttributes(file, attributes), FailsWith(v1::BUSY));
}

TEST(SetAttributes, FollowsLinks) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  v1::FileAttributes attributes;
  attributes.set_permissions(0600);
  ASSERT_THAT(SetAttributes(dir.Link("link", file), attributes), IsOk());
  EXPECT_EQ(ModeOf(file), 0600u);
}

// User 7 waits for root to change "file" in a directory that others may write.
TEST(SetAttributes, FileThatAnotherUserMayHavePreparedIsLeftAlone) {
  TestDirectory dir;
  const std::string shadow = dir.File("shadow", "precious", 0600);
  const std::string tmp = dir.Directory("tmp", 01777);
  const std::string theirs = dir.File("tmp/file", "theirs", 0755);
  ASSERT_EQ(chown(theirs.c_str(), 7, 7), 0);
  const std::string planted = dir / "tmp/planted";
  ASSERT_EQ(link(shadow.c_str(), planted.c_str()), 0);
  const std::string link = dir.Link("tmp/link", shadow);
  ASSERT_EQ(lchown(link.c_str(), 7, 7), 0);
  v1::FileAttributes attributes;
  attributes.set_permissions(0666);
  attributes.set_size(0);
  for (const std::string& path : {theirs, planted, link}) {
    EXPECT_THAT(SetAttributes(path, attributes), FailsWith(v1::ACCESS_DENIED)) << path;
  }
  EXPECT_EQ(ModeOf(shadow), 0600u);
  EXPECT_EQ(ReadFile(shadow), "precious");
  EXPECT_EQ(ReadFile(theirs), "theirs");
}

TEST(SetAttributes, ReportsWhyItFails) {
  TestDirectory dir;
  const std::string file = dir.File("file", "", 0600);
  v1::FileAttributes attributes;
  attributes.set_permissions(0777);
  EXPECT_THAT(SetAttributes(dir / "none", attributes), FailsWith(v1::NOT_FOUND));
  EXPECT_TRUE(absl::IsCancelled(SetAttributes(file, attributes, [] { return true; })));
  AsNobody([&] {
    EXPECT_THAT(SetAttributes(file, attributes), FailsWith(v1::ACCESS_DENIED));
    v1::FileAttributes owner;
    owner.set_uid(0);
    EXPECT_THAT(SetAttributes(file, owner), FailsWith(v1::ACCESS_DENIED));
  });
  EXPECT_EQ(ModeOf(file), 0600u);
  attributes.set_permissions(010000);
  EXPECT_THAT(SetAttributes(file, attributes), FailsWith(v1::INVALID_ARGUMENT));
  v1::FileAttributes huge;
  huge.set_size(UINT64_MAX);
  EXPECT_THAT(SetAttributes(file, huge), FailsWith(v1::FILE_TOO_BIG));
}

TEST(GetVolume, DescribesTheFileSystemOfThePath) {
  TestDirectory dir;
  absl::StatusOr<v1::Volume> volume = GetVolume(dir.path());
  ASSERT_THAT(volume, IsOk());
  struct statvfs expected;
  ASSERT_EQ(statvfs(dir.path().c_str(), &expected), 0);
  EXPECT_EQ(volume->total_bytes(), expected.f_blocks * expected.f_frsize);
  EXPECT_LE(volume->free_bytes(), volume->total_bytes());
  EXPECT_THAT(GetVolume(dir / "none"), FailsWith(v1::NOT_FOUND));
}

}  // namespace
}  // namespace toolboxd::hgfsd
