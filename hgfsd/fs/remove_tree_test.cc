// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/remove_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/mounts.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

// RemoveTree, with the directory that the path is in.
absl::Status RemoveAs(const struct stat& looked_at, const std::string& path,
                      const CancelCheck& cancelled = nullptr) {
  const std::filesystem::path split(path);
  const UniqueFd parent(open(split.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return RemoveTree(parent.get(), split.filename(), looked_at, cancelled);
}

absl::Status Remove(const std::string& path, const CancelCheck& cancelled = nullptr) {
  struct stat st;
  if (lstat(path.c_str(), &st) != 0) return absl::OkStatus();
  return RemoveAs(st, path, cancelled);
}

TEST(RemoveTree, RemovesEverythingButWhatLinksPointTo) {
  TestDirectory dir;
  dir.Directory("kept");
  dir.File("kept/file", "x");
  dir.Directory("tree");
  dir.Directory("tree/sub");
  dir.File("tree/sub/file");
  dir.Link("tree/link", "../kept");
  ASSERT_EQ(mkfifo((dir / "tree/pipe").c_str(), 0600), 0);
  EXPECT_THAT(Remove(dir / "tree"), IsOk());
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("kept"));
  EXPECT_EQ(ReadFile(dir / "kept/file"), "x");
}

TEST(RemoveTree, RemovesDirectoriesWithoutPermissionsForTheirOwner) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] {
    dir.Directory("tree");
    dir.Directory("tree/locked");
    dir.File("tree/locked/file");
    chmod((dir / "tree/locked").c_str(), 0);
    dir.Directory("tree/read_only");
    dir.File("tree/read_only/file");
    chmod((dir / "tree/read_only").c_str(), 0555);
    EXPECT_THAT(Remove(dir / "tree"), IsOk());
    EXPECT_FALSE(Exists(dir / "tree"));
  });
}

TEST(RemoveTree, DepthIsNotLimited) {
  TestDirectory dir;
  const std::string top = dir.Directory("tree");
  int fd = open(top.c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(mkdirat(fd, "directory", 0700), 0);
    const int next = openat(fd, "directory", O_RDONLY | O_DIRECTORY);
    close(fd);
    fd = next;
  }
  close(fd);
  EXPECT_THAT(Remove(top), IsOk());
  EXPECT_FALSE(Exists(top));
}

TEST(RemoveTree, ReportsTheFirstErrorAndRemovesTheRest) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] { dir.Directory("tree"); });
  dir.Directory("tree/root_owned");
  dir.File("tree/root_owned/file");
  AsNobody([&] {
    dir.File("tree/own");
    EXPECT_THAT(Remove(dir / "tree"), FailsWith(v1::ACCESS_DENIED));
  });
  EXPECT_THAT(Names(dir / "tree"), testing::ElementsAre("root_owned"));
}

TEST(RemoveTree, StopsWhenCancelled) {
  TestDirectory dir;
  dir.Directory("tree");
  dir.File("tree/file");
  EXPECT_TRUE(absl::IsCancelled(Remove(dir / "tree", [] { return true; })));
  EXPECT_TRUE(Exists(dir / "tree/file"));
}

// Another process replaces a directory of the tree by a link to another tree, again and again,
// while the tree is removed: nothing that the link points to may be removed.
TEST(RemoveTree, ReplacingADirectoryByALinkDoesNotLeadOutOfTheTree) {
  TestDirectory dir;
  dir.Directory("victim");
  dir.File("victim/file", "precious");
  std::atomic<bool> stop = false;
  dir.Directory("work");
  const std::string link = dir.Link("work/link", dir / "victim");
  std::thread attacker([&] {
    const std::string target = dir / "work/tree/sub";
    while (!stop) ExchangeNames(link, target);
  });
  for (int i = 0; i < 100; ++i) {
    mkdir((dir / "work/tree").c_str(), 0700);
    mkdir((dir / "work/tree/sub").c_str(), 0700);
    for (int j = 0; j < 20; ++j) {
      close(open((dir / absl::StrCat("work/tree/sub/", j)).c_str(), O_CREAT | O_NOFOLLOW, 0600));
    }
    Remove(dir / "work/tree").IgnoreError();
    if (!Exists(link)) symlink((dir / "victim").c_str(), link.c_str());
  }
  stop = true;
  attacker.join();
  EXPECT_EQ(ReadFile(dir / "victim/file"), "precious");
}

TEST(RemoveTree, FileThatTookTheNameSinceStays) {
  TestDirectory dir;
  dir.Directory("looked at");
  struct stat st;
  ASSERT_EQ(lstat((dir / "looked at").c_str(), &st), 0);
  dir.Directory("tree");
  dir.File("tree/file", "precious");
  const std::string file = dir.File("file", "precious");
  for (const std::string& path : {dir / "tree", file}) {
    EXPECT_THAT(RemoveAs(st, path), FailsWith(v1::BUSY)) << path;
  }
  EXPECT_EQ(ReadFile(dir / "tree/file"), "precious");
  EXPECT_EQ(ReadFile(file), "precious");
}

TEST(Mounts, AreFoundAtAndBelowAPath) {
  const absl::string_view table =
      "22 1 0:20 / / rw - ext4 /dev/vda rw\n"
      "23 22 0:21 / /mnt/with\\040space rw - tmpfs tmpfs rw\n";
  EXPECT_TRUE(HasMountAtOrBelow(table, "/"));
  EXPECT_TRUE(HasMountAtOrBelow(table, "/mnt"));
  EXPECT_TRUE(HasMountAtOrBelow(table, "/mnt/with space"));
  EXPECT_FALSE(HasMountAtOrBelow(table, "/mnt/with"));
  EXPECT_FALSE(HasMountAtOrBelow(table, "/home"));
  // A line that does not parse could be any mount.
  EXPECT_TRUE(HasMountAtOrBelow("garbage\n1 2 3\n", "/home"));
  EXPECT_TRUE(HasMountAtOrBelow(absl::StrCat(table, "25 1 0:1 /\n"), "/home"));
  EXPECT_FALSE(HasMountAtOrBelow("", "/home"));
}

TEST(Mounts, BindMountsAreNotEntered) {
  TestDirectory dir;
  dir.Directory("other");
  dir.File("other/file", "precious");
  dir.Directory("tree");
  dir.Directory("tree/mounted");
  if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount((dir / "other").c_str(), (dir / "tree/mounted").c_str(), nullptr, MS_BIND, nullptr)) {
    FAIL() << "mounting needs root";
  }
  const absl::StatusOr<Entry> tree = FindExisting(dir / "tree", FinalLink::kKeep);
  EXPECT_THAT(CheckNoMounts(*tree), FailsWith(v1::BUSY));
  EXPECT_EQ(OsErrorOf(Remove(dir / "tree")), EXDEV);
  EXPECT_EQ(ReadFile(dir / "other/file"), "precious");
  umount((dir / "tree/mounted").c_str());
}

}  // namespace
}  // namespace toolboxd::hgfsd
