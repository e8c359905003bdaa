// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/move.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/small_file_system.h"
#include "gtest/gtest.h"
#include "hgfsd/fs/copy_tree.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

// Another file system than the one of TestDirectory's default.
constexpr char kOther[] = "/dev/shm";

TEST(MoveFile, RenamesFilesAndLinks) {
  TestDirectory dir;
  dir.File("file", "content");
  EXPECT_THAT(MoveFile(dir / "file", dir / "new\n", Overwrite::kNo), IsOk());
  EXPECT_EQ(ReadFile(dir / "new\n"), "content");
  dir.Link("link", dir.path());
  EXPECT_THAT(MoveFile(dir / "link", dir / "moved", Overwrite::kNo), IsOk());
  dir.Link("dangling", "none");
  EXPECT_THAT(MoveFile(dir / "dangling", dir / "moved2", Overwrite::kNo), IsOk());
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("moved", "moved2", "new\n"));
}

TEST(MoveFile, ReplacesOnlyOnRequest) {
  TestDirectory dir;
  const std::string a = dir.File("a", "a");
  const std::string b = dir.File("b", "b");
  EXPECT_THAT(MoveFile(a, b, Overwrite::kNo), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_EQ(ReadFile(b), "b");
  EXPECT_THAT(MoveFile(a, b, Overwrite::kYes), IsOk());
  EXPECT_EQ(ReadFile(b), "a");
}

TEST(MoveFile, DanglingLinkIsReplacedAlways) {
  TestDirectory dir;
  const std::string a = dir.File("a", "a");
  dir.Link("link", "none");
  EXPECT_THAT(MoveFile(a, dir / "link", Overwrite::kNo), IsOk());
  EXPECT_EQ(ReadFile(dir / "link"), "a");
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("link"));
}

TEST(MoveFile, MoveOntoItselfChangesNothing) {
  TestDirectory dir;
  const std::string a = dir.File("a", "a");
  EXPECT_THAT(MoveFile(a, a, Overwrite::kNo), IsOk());
  ASSERT_EQ(link(a.c_str(), (dir / "b").c_str()), 0);
  EXPECT_THAT(MoveFile(a, dir / "b", Overwrite::kNo), IsOk());
  EXPECT_THAT(MoveFile(a, dir.Link("l", a), Overwrite::kYes), IsOk());
  EXPECT_EQ(ReadFile(a), "a");
}

TEST(MoveFile, ReportsWhyItFails) {
  TestDirectory dir;
  const std::string a = dir.File("a", "a");
  dir.Directory("d");
  EXPECT_THAT(MoveFile(dir / "none", dir / "x", Overwrite::kYes), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(MoveFile(a, dir / "none/x", Overwrite::kYes), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(MoveFile(dir / "d", dir / "x", Overwrite::kYes), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(MoveFile(a, dir / "d", Overwrite::kYes), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MoveFile(a, a + "/x", Overwrite::kYes), FailsWith(v1::NOT_A_DIRECTORY));
  EXPECT_THAT(MoveFile(a, "x", Overwrite::kYes), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_TRUE(absl::IsCancelled(MoveFile(a, dir / "x", Overwrite::kYes, [] { return true; })));
  AsNobody(
      [&] { EXPECT_THAT(MoveFile(a, dir / "x", Overwrite::kYes), FailsWith(v1::ACCESS_DENIED)); });
  EXPECT_EQ(ReadFile(a), "a");
}

TEST(MoveDirectory, RenamesTheDirectory) {
  TestDirectory dir;
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir.Directory("d");
  dir.File("d/file", "x");
  EXPECT_THAT(MoveDirectory(dir / "d/", dir / "e/", deleter), IsOk());
  EXPECT_EQ(ReadFile(dir / "e/file"), "x");
  EXPECT_THAT(MoveDirectory(dir / "e", dir / "e", deleter), IsOk());
}

TEST(MoveDirectory, ReportsWhyItFails) {
  TestDirectory dir;
  DeferredDeleter deleter(absl::InfiniteDuration());
  const std::string d = dir.Directory("d");
  const std::string file = dir.File("file");
  EXPECT_THAT(MoveDirectory(dir / "none", dir / "x", deleter), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(MoveDirectory(file, dir / "x", deleter), FailsWith(v1::NOT_A_DIRECTORY));
  EXPECT_THAT(MoveDirectory(dir.Link("l", d), dir / "x", deleter), FailsWith(v1::NOT_A_DIRECTORY));
  for (const std::string& target : {file, dir.Directory("e"), dir.Link("dangling", "none")}) {
    EXPECT_THAT(MoveDirectory(d, target, deleter), FailsWith(v1::ALREADY_EXISTS)) << target;
  }
  EXPECT_THAT(MoveDirectory(d, d + "/sub", deleter), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_TRUE(absl::IsCancelled(MoveDirectory(d, dir / "x", deleter, [] { return true; })));
  AsNobody(
      [&] { EXPECT_THAT(MoveDirectory(d, dir / "x", deleter), FailsWith(v1::ACCESS_DENIED)); });
}

// Nothing is left of it if the process is killed.
TEST(MoveAcrossFileSystems, FileHasNoNameWhileItIsCopied) {
  TestDirectory dir;
  TestDirectory other(kOther);
  const std::string file = dir.File("file", "content");
  std::vector<size_t> names;
  const auto look = [&] {
    names.push_back(Names(other.path()).size());
    return false;
  };
  EXPECT_THAT(MoveFile(file, other / "new", Overwrite::kNo, look), IsOk());
  // Before and during the copy, and when it is complete.
  EXPECT_THAT(names, testing::ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(ReadFile(other / "new"), "content");
}

TEST(MoveAcrossFileSystems, FilesKeepTheirAttributes) {
  TestDirectory dir, other(kOther);
  const std::string from = dir.File("file", "content", 04750);
  const std::string to = other / "moved";
  ASSERT_EQ(chown(from.c_str(), 7, 8), 0);
  ASSERT_EQ(chmod(from.c_str(), 04750), 0);
  const struct timespec times[2] = {{1, 2}, {3, 4}};
  ASSERT_EQ(utimensat(AT_FDCWD, from.c_str(), times, 0), 0);
  EXPECT_THAT(MoveFile(from, to, Overwrite::kNo), IsOk());
  struct stat st;
  ASSERT_EQ(stat(to.c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 7u);
  EXPECT_EQ(st.st_gid, 8u);
  EXPECT_EQ(st.st_mode & 07777, 04750u);
  EXPECT_EQ(st.st_mtim.tv_sec, 3);
  EXPECT_EQ(st.st_mtim.tv_nsec, 4);
  EXPECT_EQ(ReadFile(to), "content");
  EXPECT_FALSE(Exists(from));
}

TEST(MoveAcrossFileSystems, WithoutTheOwnerSetUserIdAndCapabilitiesAreDropped) {
  TestDirectory dir, other(kOther);
  chmod(dir.path().c_str(), 0777);
  chmod(other.path().c_str(), 0777);
  const std::string from = dir.File("file", "x", 04755);
  SetCapability(from);
  AsNobody([&] { EXPECT_THAT(MoveFile(from, other / "moved", Overwrite::kNo), IsOk()); });
  EXPECT_EQ(ModeOf(other / "moved"), 0755u);
  EXPECT_FALSE(HasCapability(other / "moved"));
}

TEST(MoveAcrossFileSystems, CapabilitiesAreKept) {
  TestDirectory dir, other(kOther);
  const std::string from = dir.File("file", "x", 0755);
  ASSERT_EQ(chown(from.c_str(), 7, 8), 0);
  SetCapability(from);
  EXPECT_THAT(MoveFile(from, other / "moved", Overwrite::kNo), IsOk());
  EXPECT_TRUE(HasCapability(other / "moved"));
}

TEST(MoveAcrossFileSystems, KeepsLinksHolesAndOddNames) {
  TestDirectory dir, other(kOther);
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir.Directory("tree", 0751);
  dir.Directory("tree/empty");
  dir.File("tree/a\n", "x");
  ASSERT_EQ(link((dir / "tree/a\n").c_str(), (dir / "tree/empty/hard").c_str()), 0);
  dir.Link("tree/soft", "a\n");
  ASSERT_EQ(mkfifo((dir / "tree/pipe").c_str(), 0640), 0);
  dir.File("tree/sparse", "end");
  ASSERT_EQ(truncate((dir / "tree/sparse").c_str(), 64 << 20), 0);
  EXPECT_THAT(MoveDirectory(dir / "tree", other / "t", deleter), IsOk());
  EXPECT_TRUE(Names(dir.path()).empty());
  EXPECT_THAT(Names(other.path()), testing::ElementsAre("t"));
  EXPECT_EQ(ModeOf(other / "t"), 0751u);
  struct stat a, hard, sparse;
  ASSERT_EQ(stat((other / "t/a\n").c_str(), &a), 0);
  ASSERT_EQ(stat((other / "t/empty/hard").c_str(), &hard), 0);
  EXPECT_EQ(a.st_ino, hard.st_ino);
  char target[8] = {};
  EXPECT_EQ(readlink((other / "t/soft").c_str(), target, 7), 2);
  EXPECT_EQ(ModeOf(other / "t/pipe"), 0640u);
  ASSERT_EQ(stat((other / "t/sparse").c_str(), &sparse), 0);
  EXPECT_EQ(sparse.st_size, 64 << 20);
  EXPECT_LT(sparse.st_blocks * 512, 1 << 20);
}

TEST(MoveAcrossFileSystems, TargetDirectorysDefaultAclIsNotApplied) {
  TestDirectory dir, other(kOther);
  DeferredDeleter deleter(absl::InfiniteDuration());
  SetAcl(other.path(), ACL_TYPE_DEFAULT, "u::rwx,u:65534:rwx,g::rx,m::rwx,o::-");
  dir.Directory("tree", 0770);
  dir.File("tree/file", "secret", 0660);
  ASSERT_EQ(mkfifo((dir / "tree/pipe").c_str(), 0600), 0);
  chmod((dir / "tree/pipe").c_str(), 0660);
  EXPECT_THAT(MoveDirectory(dir / "tree", other / "t", deleter), IsOk());
  for (const char* name : {"t", "t/file", "t/pipe"}) {
    EXPECT_FALSE(HasAcl(other / name, ACL_TYPE_ACCESS)) << name;
    EXPECT_FALSE(HasAcl(other / name, ACL_TYPE_DEFAULT)) << name;
  }
  EXPECT_EQ(ModeOf(other / "t"), 0770u);
  EXPECT_EQ(ModeOf(other / "t/file"), 0660u);
  EXPECT_EQ(ModeOf(other / "t/pipe"), 0660u);
  AsNobody([&] { EXPECT_EQ(open((other / "t").c_str(), O_RDONLY), -1); });
}

TEST(MoveAcrossFileSystems, AclsAreKept) {
  TestDirectory dir, other(kOther);
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir.Directory("tree", 0750);
  dir.File("tree/file", "x", 0640);
  ASSERT_EQ(mkfifo((dir / "tree/pipe").c_str(), 0600), 0);
  SetAcl(dir / "tree/file", ACL_TYPE_ACCESS, "u::rw,u:65534:r,g::-,m::r,o::-");
  SetAcl(dir / "tree/pipe", ACL_TYPE_ACCESS, "u::rw,u:65534:r,g::-,m::r,o::-");
  SetAcl(dir / "tree", ACL_TYPE_ACCESS, "u::rwx,u:65534:rx,g::-,m::rx,o::-");
  SetAcl(dir / "tree", ACL_TYPE_DEFAULT, "u::rwx,u:65534:rx,g::-,m::rx,o::-");
  EXPECT_THAT(MoveDirectory(dir / "tree", other / "t", deleter), IsOk());
  for (const char* name : {"t", "t/file", "t/pipe"}) {
    EXPECT_TRUE(HasAcl(other / name, ACL_TYPE_ACCESS)) << name;
  }
  EXPECT_TRUE(HasAcl(other / "t", ACL_TYPE_DEFAULT));
  AsNobody([&] { EXPECT_EQ(ReadFile(other / "t/file"), "x"); });
}

// The group's bits of a file with an ACL are the mask, which is more than the group has.
TEST(MoveAcrossFileSystems, WithoutAclsTheGroupDoesNotGetTheMask) {
  TestDirectory dir;
  dir.File("file", "x", 0600);
  SetAcl(dir / "file", ACL_TYPE_ACCESS, "u::rw,u:9:rw,g::r,m::rw,o::-");
  EXPECT_EQ(ModeOf(dir / "file"), 0660u);
  dir.Directory("other");
  if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("ramfs", (dir / "other").c_str(), "ramfs", 0, nullptr) != 0) {
    FAIL() << "mounting needs root";
  }
  EXPECT_THAT(MoveFile(dir / "file", dir / "other/file", Overwrite::kNo), IsOk());
  EXPECT_EQ(ModeOf(dir / "other/file"), 0640u);
  umount((dir / "other").c_str());
}

TEST(MoveAcrossFileSystems, FullDiskLeavesNoTrace) {
  TestDirectory dir;
  DeferredDeleter deleter(absl::InfiniteDuration());
  const std::string file = dir.File("file", std::string(200000, 'x'));
  dir.Directory("tree");
  for (int i = 0; i < 5; ++i) dir.File(absl::StrCat("tree/", i), std::string(30000, 'x'));
  dir.Directory("other");
  SmallFileSystem disk(dir / "other", "size=64k");
  dir.File("other/old", "old");
  EXPECT_THAT(MoveFile(file, dir / "other/new", Overwrite::kNo), FailsWith(v1::NO_SPACE));
  EXPECT_THAT(MoveFile(file, dir / "other/old", Overwrite::kYes), FailsWith(v1::NO_SPACE));
  EXPECT_THAT(MoveDirectory(dir / "tree", dir / "other/t", deleter), FailsWith(v1::NO_SPACE));
  EXPECT_THAT(Names(dir / "other"), testing::ElementsAre("old"));
  EXPECT_EQ(ReadFile(dir / "other/old"), "old");
  EXPECT_EQ(ReadFile(file), std::string(200000, 'x'));
  EXPECT_EQ(Names(dir / "tree").size(), 5u);
}

TEST(MoveAcrossFileSystems, DiskWithoutFreeInodesLeavesNoTrace) {
  TestDirectory dir;
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir.Directory("tree");
  dir.Link("tree/link", "nowhere");
  ASSERT_EQ(mkfifo((dir / "tree/pipe").c_str(), 0600), 0);
  dir.Directory("tree/directory");
  dir.File("tree/file");
  dir.Directory("other");
  SmallFileSystem disk(dir / "other", "nr_inodes=5");
  // The tree and four more: whichever comes last finds no inode.
  EXPECT_THAT(MoveDirectory(dir / "tree", dir / "other/t", deleter), FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir / "other").empty());
  EXPECT_EQ(Names(dir / "tree").size(), 4u);
}

TEST(MoveAcrossFileSystems, CancelledHalfwayLeavesNoTrace) {
  TestDirectory dir, other(kOther);
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir.Directory("tree");
  for (int i = 0; i < 10; ++i) dir.File(absl::StrCat("tree/", i), "x");
  int asked = 0;
  EXPECT_TRUE(absl::IsCancelled(
      MoveDirectory(dir / "tree", other / "t", deleter, [&] { return ++asked > 6; })));
  EXPECT_TRUE(Names(other.path()).empty());
  EXPECT_EQ(Names(dir / "tree").size(), 10u);
}

TEST(MoveAcrossFileSystems, ExistingTargetIsReplacedOnlyOnRequest) {
  TestDirectory dir, other(kOther);
  const std::string from = dir.File("a", "a");
  const std::string to = other.File("b", "b");
  EXPECT_THAT(MoveFile(from, to, Overwrite::kNo), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MoveFile(from, to, Overwrite::kYes), IsOk());
  EXPECT_EQ(ReadFile(to), "a");
  EXPECT_THAT(Names(other.path()), testing::ElementsAre("b"));
}

// User 7 exchanges a folder above the source for a link to where root has a tree of that name.
TEST(MoveAcrossFileSystems, OnlyWhatWasCopiedIsRemoved) {
  TestDirectory dir, other(kOther);
  for (const char* name : {"data", "data/victim", "root", "root/victim"}) dir.Directory(name);
  dir.File("data/victim/file", "theirs");
  dir.File("root/victim/file", "precious");
  dir.Link("link", "root");
  DeferredDeleter deleter(absl::InfiniteDuration());
  int asked = 0;
  const auto attack = [&] {
    if (++asked == 3) ExchangeNames(dir / "data", dir / "link");
    return false;
  };
  EXPECT_THAT(MoveDirectory(dir / "data/victim", other / "moved", deleter, attack), IsOk());
  EXPECT_GE(asked, 3);
  EXPECT_EQ(ReadFile(dir / "root/victim/file"), "precious");
  EXPECT_EQ(ReadFile(other / "moved/file"), "theirs");
  EXPECT_FALSE(Exists(dir / "link/victim"));
}

TEST(MoveAcrossFileSystems, SourceThatWasReplacedDuringTheCopyStays) {
  TestDirectory dir, other(kOther);
  for (const char* name : {"victim", "audit"}) dir.Directory(name);
  dir.File("victim/file", "theirs");
  dir.File("audit/log", "precious");
  const std::string file = dir.File("file", "theirs");
  const std::string log = dir.File("log", "precious");
  DeferredDeleter deleter(absl::InfiniteDuration());
  for (const auto& [from, with] :
       {std::pair(dir / "victim", dir / "audit"), std::pair(file, log)}) {
    int asked = 0;
    const auto attack = [&] {
      // After the copy has begun.
      if (++asked == 3) ExchangeNames(from, with);
      return false;
    };
    const absl::Status status = from == file ? MoveFile(from, other / "f", Overwrite::kNo, attack)
                                             : MoveDirectory(from, other / "d", deleter, attack);
    EXPECT_THAT(status, FailsWith(v1::BUSY));
    EXPECT_GE(asked, 3);
  }
  EXPECT_EQ(ReadFile(dir / "victim/log"), "precious");
  EXPECT_EQ(ReadFile(file), "precious");
}

TEST(MoveAcrossFileSystems, FileOnWhichItsOwnerHasALeaseIsBusyAtOnce) {
  TestDirectory dir, other(kOther);
  const std::string file = dir.File("f", "content");
  const Lease lease(file);
  EXPECT_THAT(MoveFile(file, other / "f", Overwrite::kNo), FailsWith(v1::BUSY));
  EXPECT_FALSE(Exists(other / "f"));
}

// The owner of the target's directory puts a link to a folder with files of the same names in place
// of the copy that is being made.
TEST(MoveAcrossFileSystems, HardLinksAreOfTheCopyOnly) {
  TestDirectory dir, other(kOther);
  dir.Directory("tree");
  other.Directory("target");
  other.Directory("victim");
  for (const char* name : {"a", "b"}) other.File(absl::StrCat("victim/", name), "precious");
  dir.File("tree/a", "theirs");
  ASSERT_EQ(link((dir / "tree/a").c_str(), (dir / "tree/b").c_str()), 0);
  bool attacked = false;
  const auto attack = [&] {
    for (const std::string& name : Names(other / "target")) {
      if (attacked || name[0] != '.') continue;
      attacked = true;
      const std::string hidden = other / absl::StrCat("target/", name);
      EXPECT_EQ(rename(hidden.c_str(), (other / "target/real").c_str()), 0);
      EXPECT_EQ(symlink("../victim", hidden.c_str()), 0);
    }
    return false;
  };
  DeferredDeleter deleter(absl::InfiniteDuration());
  EXPECT_THAT(MoveDirectory(dir / "tree", other / "target/tree", deleter, attack),
              FailsWith(v1::BUSY));
  EXPECT_TRUE(attacked);
  for (const char* name : {"a", "b"}) {
    struct stat st;
    ASSERT_EQ(stat((other / absl::StrCat("victim/", name)).c_str(), &st), 0);
    EXPECT_EQ(st.st_nlink, 1u) << name;
    EXPECT_EQ(ReadFile(other / absl::StrCat("target/real/", name)), "theirs") << name;
  }
  EXPECT_TRUE(Exists(dir / "tree/a"));
}

TEST(MoveAcrossFileSystems, SetUserIdThatTheSourceIgnoresIsDropped) {
  TestDirectory dir, other(kOther);
  ASSERT_EQ(unshare(CLONE_NEWNS), 0) << "mounting needs root";
  ASSERT_EQ(mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(mount("", kOther, nullptr, MS_REMOUNT | MS_BIND | MS_NOSUID, nullptr), 0);
  const std::string file = other.File("suid", "x", 06755);
  EXPECT_THAT(MoveFile(file, dir / "moved", Overwrite::kNo), IsOk());
  EXPECT_EQ(ModeOf(dir / "moved"), 0755u);
}

TEST(CopyTree, KeepsExtendedAttributes) {
  TestDirectory dir;
  const std::string from = dir.File("from");
  ASSERT_EQ(setxattr(from.c_str(), "user.note", "1\0002", 3, 0), 0);
  struct stat st;
  ASSERT_EQ(lstat(from.c_str(), &st), 0);
  ASSERT_THAT(CopyTree({AT_FDCWD, from}, st, {AT_FDCWD, dir / "to"}).status, IsOk());
  char value[8];
  ASSERT_EQ(getxattr((dir / "to").c_str(), "user.note", value, sizeof(value)), 3);
  EXPECT_EQ(std::string(value, 3), std::string("1\0002", 3));
}

TEST(MoveAcrossFileSystems, TreeOfTooManyLevelsStaysWhereItIs) {
  TestDirectory dir, other(kOther);
  DeferredDeleter deleter(absl::InfiniteDuration());
  std::string path = "tree";
  for (int level = 1; level < 201; ++level, path += "/d") dir.Directory(path);
  dir.Directory(path);
  EXPECT_THAT(MoveDirectory(dir / "tree", other / "tree", deleter), IsOk());
  EXPECT_THAT(Names(dir.path()), testing::IsEmpty());
  other.Directory(path + "/d");
  EXPECT_THAT(MoveDirectory(other / "tree", dir / "tree", deleter), FailsWith(v1::NAME_TOO_LONG));
  EXPECT_THAT(Names(dir.path()), testing::IsEmpty());
  EXPECT_TRUE(Exists(other / (path + "/d")));
}

}  // namespace
}  // namespace toolboxd::hgfsd
