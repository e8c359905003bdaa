// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/find.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

struct stat StatOf(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(stat(path.c_str(), &st), 0) << path;
  return st;
}

void GiveLinkTo(uid_t user, const std::string& link) {
  ASSERT_EQ(lchown(link.c_str(), user, user), 0) << link;
}

// Whether the path leads to the file that the kernel finds at `expected`.
testing::AssertionResult LeadsTo(const std::string& path, const std::string& expected,
                                 FinalLink final_link = FinalLink::kFollow) {
  const absl::StatusOr<Entry> entry = FindExisting(path, final_link);
  if (!entry.ok()) return testing::AssertionFailure() << entry.status();
  struct stat named;
  if (fstatat(entry->directory.get(), entry->name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      !SameFile(named, entry->status)) {
    return testing::AssertionFailure() << entry->name << " is not in the entry's directory";
  }
  if (SameFile(entry->status, StatOf(expected))) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "another file";
}

TEST(Find, ResolvesPathsAsTheKernelDoes) {
  TestDirectory dir;
  dir.Directory("a");
  dir.Directory("a/b");
  const std::string file = dir.File("a/b/file");
  dir.Link("to a", "a");
  dir.Link("a/b/up", "../..");
  dir.Link("absolute", dir / "a/b");
  dir.Link("a/file link", "b/./file");
  EXPECT_TRUE(LeadsTo(file, file));
  EXPECT_TRUE(LeadsTo(dir / "to a/b/file", file));
  EXPECT_TRUE(LeadsTo(dir / "a/b/up/to a/b/../b/./file", file));
  EXPECT_TRUE(LeadsTo(dir / "absolute/file", file));
  EXPECT_TRUE(LeadsTo(dir / "a/file link", file));
  EXPECT_TRUE(LeadsTo(dir / "to a/b/", dir / "a/b"));
  EXPECT_TRUE(LeadsTo(dir / "to a/..", dir.path()));
  EXPECT_TRUE(LeadsTo(dir / "to a/.", dir / "a"));
  EXPECT_TRUE(LeadsTo(dir / "a/b/up", dir.path()));
  EXPECT_TRUE(LeadsTo("/", "/"));
  EXPECT_TRUE(LeadsTo("/..", "/"));
  EXPECT_TRUE(LeadsTo("//proc///self/../self/status", "/proc/self/status"));
}

TEST(Find, NameThatIsNotUtf8IsFoundByTheTextThatShowsIt) {
  TestDirectory dir;
  const std::string file = dir.File("caf\xe9 50%");
  dir.Directory("\xff\xfe");
  const std::string inner = dir.File("\xff\xfe/\xc3\xa9\xc3");
  dir.Link("link", "\xff\xfe");
  EXPECT_TRUE(LeadsTo(dir / "caf%E9 50%25", file));
  EXPECT_TRUE(LeadsTo(dir / "%FF%FE/\xc3\xa9%C3", inner));
  EXPECT_TRUE(LeadsTo(dir / "%FF%FE/", dir / "\xff\xfe"));
  EXPECT_TRUE(LeadsTo(dir / "link/\xc3\xa9%C3", inner));
  EXPECT_TRUE(LeadsTo(file, file));
  const absl::StatusOr<Entry> entry = FindExisting(dir / "caf%E9 50%25", FinalLink::kKeep);
  ASSERT_THAT(entry, IsOk());
  EXPECT_EQ(entry->name, "caf\xe9 50%");
}

TEST(Find, NameAsItIsWrittenComesFirst) {
  TestDirectory dir;
  dir.File("a\xff");
  const std::string text = dir.File("a%FF");
  EXPECT_TRUE(LeadsTo(dir / "a%FF", text));
  const absl::StatusOr<Entry> none = Find(dir / "b%FF", FinalLink::kKeep);
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->exists());
  EXPECT_EQ(none->name, "b%FF");
}

TEST(Find, OnlyNamesThatAreNotUtf8AreShownInAnotherWay) {
  TestDirectory dir;
  dir.File("a");
  dir.File("\xc3\xa9");
  dir.File("b\xff");
  for (const char* path : {"%61", "%C3%A9", "b%ff", "%62%FF", "%2E%2E", "none%FF"}) {
    EXPECT_THAT(FindExisting(dir / path, FinalLink::kKeep), FailsWith(v1::NOT_FOUND)) << path;
  }
}

TEST(Find, TextOfALinkIsTheKernels) {
  TestDirectory dir;
  dir.File("a\xff");
  dir.Link("link", "a%FF");
  EXPECT_THAT(FindExisting(dir / "link", FinalLink::kFollow), FailsWith(v1::NOT_FOUND));
}

TEST(Find, FinalLinkIsKeptUnlessASlashFollows) {
  TestDirectory dir;
  dir.Directory("a");
  const std::string link = dir.Link("link", "a");
  const absl::StatusOr<Entry> kept = Find(link, FinalLink::kKeep);
  ASSERT_THAT(kept, IsOk());
  EXPECT_TRUE(kept->IsLink());
  EXPECT_EQ(kept->name, "link");
  EXPECT_TRUE(LeadsTo(link + "/", dir / "a", FinalLink::kKeep));
}

TEST(Find, EntryThatDoesNotExistHasItsDirectory) {
  TestDirectory dir;
  dir.Directory("a");
  dir.Link("link", "a");
  for (const char* path : {"a/new", "link/new"}) {
    const absl::StatusOr<Entry> entry = Find(dir / path, FinalLink::kKeep);
    ASSERT_THAT(entry, IsOk()) << path;
    EXPECT_FALSE(entry->exists());
    EXPECT_EQ(entry->name, "new");
    EXPECT_TRUE(SameFile(entry->directory_status, StatOf(dir / "a")));
    EXPECT_THAT(FindExisting(dir / path, FinalLink::kKeep), FailsWith(v1::NOT_FOUND));
  }
}

TEST(Find, ReportsWhyItFails) {
  TestDirectory dir;
  dir.File("file");
  dir.Link("loop", "loop");
  dir.Link("dangling", "none");
  dir.Link("to file", "file");
  for (FinalLink final_link : {FinalLink::kKeep, FinalLink::kFollow}) {
    EXPECT_THAT(Find("relative", final_link), FailsWith(v1::INVALID_ARGUMENT));
    EXPECT_THAT(Find("", final_link), FailsWith(v1::INVALID_ARGUMENT));
    EXPECT_THAT(Find(dir / "none/file", final_link), FailsWith(v1::NOT_FOUND));
    EXPECT_THAT(Find(dir / "dangling/file", final_link), FailsWith(v1::NOT_FOUND));
    EXPECT_THAT(Find(dir / "file/x", final_link), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_THAT(Find(dir / "file/", final_link), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_THAT(Find(dir / "to file/x", final_link), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_EQ(OsErrorOf(Find(dir / "loop/x", final_link).status()), ELOOP);
  }
  EXPECT_EQ(OsErrorOf(Find(dir / "loop", FinalLink::kFollow).status()), ELOOP);
  const std::string locked = dir.Directory("locked", 0700);
  dir.File("locked/file");
  AsNobody(
      [&] { EXPECT_THAT(Find(locked + "/file", FinalLink::kKeep), FailsWith(v1::ACCESS_DENIED)); });
}

// User 7 owns a home with links in it, and this process is root.
class OthersLinks : public testing::Test {
 protected:
  OthersLinks() {
    for (const char* name : {"home", "disk"}) {
      dir_.Directory(name);
      EXPECT_EQ(chown((dir_ / name).c_str(), 7, 7), 0);
    }
    dir_.Directory("etc");
    dir_.File("etc/shadow", "precious");
    dir_.File("disk/file", "theirs");
  }

  std::string LinkOf(uid_t user, absl::string_view name, const std::string& target) {
    const std::string link = dir_.Link(name, target);
    GiveLinkTo(user, link);
    return link;
  }

  TestDirectory dir_;
};

TEST_F(OthersLinks, LeadToWhatTheirOwnerOwns) {
  LinkOf(7, "home/data", dir_ / "disk");
  EXPECT_TRUE(LeadsTo(dir_ / "home/data/file", dir_ / "disk/file"));
  EXPECT_TRUE(LeadsTo(dir_ / "home/data", dir_ / "disk"));
  LinkOf(7, "home/again", "data");
  EXPECT_TRUE(LeadsTo(dir_ / "home/again/file", dir_ / "disk/file"));
}

TEST_F(OthersLinks, LeadNowhereElse) {
  LinkOf(7, "home/etc", dir_ / "etc");
  LinkOf(7, "home/shadow", "../etc/shadow");
  LinkOf(7, "home/chain", "etc");
  LinkOf(7, "home/through theirs", "../disk/../etc");
  LinkOf(8, "home/of a third", dir_ / "disk");
  LinkOf(7, "home/self", "/proc/self/root");
  LinkOf(7, "home/cwd", "/proc/self/cwd");
  for (const char* path :
       {"home/etc/shadow", "home/etc/new", "home/shadow", "home/chain/shadow",
        "home/through theirs/shadow", "home/of a third/file", "home/self/etc", "home/cwd/x"}) {
    const absl::StatusOr<Entry> entry = Find(dir_ / path, FinalLink::kFollow);
    EXPECT_THAT(entry, FailsWith(v1::ACCESS_DENIED)) << path;
    EXPECT_THAT(std::string(entry.status().message()), testing::HasSubstr("link of"));
  }
}

TEST_F(OthersLinks, RootsLinksAreFollowedByEverybody) {
  LinkOf(0, "home/etc", dir_ / "etc");
  EXPECT_TRUE(LeadsTo(dir_ / "home/etc/shadow", dir_ / "etc/shadow"));
  const std::string path = dir_ / "home/etc/shadow";
  AsNobody([&] { EXPECT_THAT(Find(path, FinalLink::kFollow), IsOk()); });
  GiveLinkTo(65534, dir_ / "home/etc");
  AsNobody([&] { EXPECT_THAT(Find(path, FinalLink::kFollow), IsOk()); });
}

TEST_F(OthersLinks, CountInAStickyDirectoryOnlyForTheirOwner) {
  for (mode_t mode : {01777, 01775, 01770}) {
    const std::string name = absl::StrCat("tmp", mode);
    const std::string tmp = dir_.Directory(name, mode);
    LinkOf(7, absl::StrCat(name, "/theirs"), dir_ / "disk");
    EXPECT_THAT(Find(tmp + "/theirs/file", FinalLink::kKeep), FailsWith(v1::ACCESS_DENIED));
    EXPECT_THAT(Find(tmp + "/theirs", FinalLink::kFollow), FailsWith(v1::ACCESS_DENIED));
    LinkOf(0, absl::StrCat(name, "/own"), dir_ / "disk");
    EXPECT_TRUE(LeadsTo(tmp + "/own/file", dir_ / "disk/file"));
    // Now the link belongs to the directory's owner.
    ASSERT_EQ(chown(tmp.c_str(), 7, 7), 0);
    EXPECT_TRUE(LeadsTo(tmp + "/theirs/file", dir_ / "disk/file"));
  }
}

TEST(Find, LinksOfProcfsLeadToWhatTheyHold) {
  TestDirectory dir;
  const std::string file = dir.File("file", "content");
  const int fd = open(file.c_str(), O_RDONLY);
  EXPECT_TRUE(LeadsTo("/proc/self/status", absl::StrCat("/proc/", getpid(), "/status")));
  const absl::StatusOr<Entry> entry = Find(absl::StrCat("/proc/self/fd/", fd), FinalLink::kFollow);
  ASSERT_THAT(entry, IsOk());
  EXPECT_TRUE(SameFile(entry->status, StatOf(file)));
  unlink(file.c_str());
  EXPECT_THAT(FindExisting(absl::StrCat("/proc/self/fd/", fd), FinalLink::kFollow), IsOk());
  close(fd);
}

TEST(Hide, FileThatTookTheNameSinceKeepsIt) {
  TestDirectory dir;
  dir.Directory("tree");
  dir.File("file", "x");
  const absl::StatusOr<Entry> tree = Find(dir / "tree", FinalLink::kKeep);
  EXPECT_THAT(Hide(tree->directory.get(), "file", tree->status, ".hidden-"), FailsWith(v1::BUSY));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("file", "tree"));
  const absl::StatusOr<std::string> hidden =
      Hide(tree->directory.get(), "tree", tree->status, ".hidden-");
  ASSERT_THAT(hidden, IsOk());
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre(*hidden, "file"));
}

}  // namespace
}  // namespace toolboxd::hgfsd
