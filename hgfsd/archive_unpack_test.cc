// SPDX-License-Identifier: Apache-2.0

// Unpacking: members are written as they are, below the target and nowhere else.

#include "hgfsd/archive_unpack.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/testing/small_file_system.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/archives.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(ArchiveUnpack, MembersWithoutAnAclGetTheDirectorysDefault) {
  TestDirectory dir;
  SetAcl(dir.path(), ACL_TYPE_DEFAULT, "u::rw,u:65534:rw,g::r,m::rw,o::-");
  EXPECT_THAT(Unpack(MakeTar({{.name = "file", .content = "x"}}), dir.path()), IsOk());
  EXPECT_TRUE(HasAcl(dir / "file", ACL_TYPE_ACCESS));
}

TEST(MemberName, CannotLeaveTheDirectory) {
  EXPECT_EQ(*CheckMemberName("./a//b/./c/"), "a/b/c");
  EXPECT_EQ(*CheckMemberName("a..b/..c"), "a..b/..c");
  EXPECT_EQ(*CheckMemberName("./"), "");
  for (const char* name : {"", "/a", "..", "a/..", "a/../b", "../a"}) {
    EXPECT_THAT(CheckMemberName(name), FailsWith(v1::INVALID_ARGUMENT)) << name;
  }
}

// Each of these tries to write or link outside; the good member beside it is unpacked.
TEST(ArchiveUnpack, MembersThatWouldLeaveTheTargetAreRefusedByName) {
  struct Case {
    std::vector<Member> members;
    std::string culprit;
  };
  TestDirectory dir;
  dir.Directory("outside");
  const std::string outside = dir.File("outside/file", "precious");
  const std::vector<Case> cases = {
      {{{.name = "../outside/file", .content = "bad"}}, "../outside/file"},
      {{{.name = outside, .content = "bad"}}, outside},
      {{{.name = "x/../../outside/new", .content = "bad"}}, "x/../../outside/new"},
      {{{.name = "link", .type = AE_IFLNK, .link = "../outside"},
        {.name = "link/file", .content = "bad"}},
       "link/file"},
      {{{.name = "link", .type = AE_IFLNK, .link = dir / "outside"},
        {.name = "link/new/deep", .content = "bad"}},
       "link/new/deep"},
      {{{.name = "hard", .link = outside, .hard = true}}, outside},
      {{{.name = "hard", .link = "../outside/file", .hard = true}}, "../outside/file"},
      {{{.name = "link", .type = AE_IFLNK, .link = "../outside"},
        {.name = "hard", .link = "link/file", .hard = true}},
       "hard"},
      {{{.name = "link", .type = AE_IFLNK, .link = "../outside"},
        {.name = "link/newdir", .type = AE_IFDIR}},
       "link/newdir"},
      {{{.name = "device", .type = AE_IFCHR}}, "device"},
      {{{.name = "device", .type = AE_IFBLK}}, "device"},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string target = dir.Directory(absl::StrCat("target", i));
    std::vector<Member> members = cases[i].members;
    members.push_back({.name = "good", .content = "good"});
    const absl::Status status = Unpack(MakeTar(members), target);
    EXPECT_FALSE(status.ok()) << i;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(cases[i].culprit)) << i;
    EXPECT_EQ(ReadFile(outside), "precious") << i;
    EXPECT_THAT(Names(dir / "outside"), testing::ElementsAre("file")) << i;
    EXPECT_EQ(StatOf(outside).st_nlink, 1u) << i;
    EXPECT_EQ(ReadFile(target + "/good"), "good") << i;
  }
}

TEST(ArchiveUnpack, LinkAtAMembersNameIsReplacedNotFollowed) {
  TestDirectory dir;
  const std::string outside = dir.File("outside", "precious");
  const std::string target = dir.Directory("target");
  dir.Link("target/name", "../outside");
  EXPECT_THAT(Unpack(MakeTar({{.name = "name", .content = "new"}}), target), IsOk());
  EXPECT_EQ(ReadFile(outside), "precious");
  EXPECT_EQ(ReadFile(target + "/name"), "new");
}

TEST(ArchiveUnpack, LinksAlreadyInTheTargetAreNotWrittenThrough) {
  TestDirectory dir;
  dir.Directory("outside");
  const std::string target = dir.Directory("target");
  dir.Link("target/link", "../outside");
  EXPECT_FALSE(Unpack(MakeTar({{.name = "link/file", .content = "bad"}}), target).ok());
  EXPECT_TRUE(Names(dir / "outside").empty());
}

TEST(ArchiveUnpack, HardLinkToItselfKeepsTheFile) {
  TestDirectory dir;
  EXPECT_THAT(
      Unpack(MakeTar({{.name = "a", .content = "x"}, {.name = "a", .link = "a", .hard = true}}),
             dir.path()),
      IsOk());
  EXPECT_EQ(ReadFile(dir / "a"), "x");
}

// A folder of root's with a folder of another user's in it, who exchanges the member after it was
// unpacked and before the link to it comes.
TEST(ArchiveUnpack, HardLinkIsMadeOnlyToTheFileThatWasUnpacked) {
  TestDirectory dir;
  dir.Directory("target");
  dir.File("theirs", "theirs");
  ASSERT_EQ(chown((dir / "theirs").c_str(), 7, 7), 0);
  std::string archive = MakeTar({{.name = "data/0tool", .content = "ours"},
                                 {.name = "later"},
                                 {.name = "bin/tool", .link = "data/0tool", .hard = true}});
  const std::string target = dir / "target";
  UniqueFd directory(open(target.c_str(), O_PATH | O_DIRECTORY));
  absl::string_view rest = archive;
  const absl::Status status =
      UnpackArchive(directory.get(), [&]() -> absl::StatusOr<absl::string_view> {
        // The member is complete when the next one's header has come.
        if (access((target + "/later").c_str(), F_OK) == 0) {
          rename((dir / "theirs").c_str(), (target + "/data/0tool").c_str());
        }
        const absl::string_view next = rest.substr(0, 512);
        rest.remove_prefix(next.size());
        return next;
      });
  EXPECT_THAT(status, FailsWith(v1::BUSY));
  EXPECT_EQ(ReadFile(target + "/data/0tool"), "theirs");
  EXPECT_NE(access((target + "/bin/tool").c_str(), F_OK), 0);
}

TEST(ArchiveUnpack, FileOnWhichItsOwnerHasALeaseIsBusyAtOnce) {
  TestDirectory dir;
  const Lease lease(dir.File("leased", "x"));
  EXPECT_EQ(ReasonOf(Pack(dir / "leased").status()), v1::BUSY);
}

TEST(ArchiveUnpack, HardLinkToAFileThatStoodThereBeforeIsRefused) {
  TestDirectory dir;
  dir.File("before", "before");
  EXPECT_THAT(Unpack(MakeTar({{.name = "new", .link = "before", .hard = true}}), dir.path()),
              FailsWith(v1::BUSY));
  EXPECT_NE(access((dir / "new").c_str(), F_OK), 0);
}

TEST(ArchiveUnpack, HardLinksToAHardLinkAreOfTheSameFile) {
  TestDirectory dir;
  EXPECT_THAT(Unpack(MakeTar({{.name = "a", .content = "x"},
                              {.name = "b", .link = "a", .hard = true},
                              {.name = "c", .link = "b", .hard = true}}),
                     dir.path()),
              IsOk());
  EXPECT_EQ(StatOf(dir / "a").st_ino, StatOf(dir / "c").st_ino);
}

TEST(ArchiveUnpack, MembersReplaceFilesLinksAndEmptyDirectories) {
  TestDirectory dir;
  dir.File("file", "old");
  dir.Directory("empty");
  dir.Directory("full");
  dir.File("full/kept", "x");
  dir.Link("link", "/");
  EXPECT_THAT(Unpack(MakeTar({{.name = "file", .type = AE_IFDIR},
                              {.name = "empty", .content = "new"},
                              {.name = "link", .type = AE_IFDIR},
                              {.name = "full", .content = "new"}}),
                     dir.path()),
              FailsWith(v1::DIRECTORY_NOT_EMPTY));
  EXPECT_TRUE(S_ISDIR(StatOf(dir / "file").st_mode));
  EXPECT_TRUE(S_ISDIR(StatOf(dir / "link").st_mode));
  EXPECT_EQ(ReadFile(dir / "empty"), "new");
  EXPECT_EQ(ReadFile(dir / "full/kept"), "x");
}

// "audit" is root's and closed, in a directory of another user, who renames it to what the archive
// is known to have.
TEST(ArchiveUnpack, DirectoryThatAnotherUserPutInPlaceKeepsItsOwnerAndMode) {
  TestDirectory from, to;
  from.Directory("home", 0755);
  ASSERT_EQ(chown((from / "home").c_str(), 7, 7), 0);
  from.Directory("open", 0755);
  absl::StatusOr<std::string> archive = Pack(from.path());
  to.Directory("home", 0700);
  to.Directory("open", 0700);
  ASSERT_EQ(chown(to.path().c_str(), 7, 7), 0);
  EXPECT_THAT(Unpack(*archive, to.path()), IsOk());
  EXPECT_EQ(StatOf(to / "home").st_uid, 0u);
  EXPECT_EQ(ModeOf(to / "home"), 0700u);
  EXPECT_EQ(ModeOf(to / "open"), 0700u);
  // Those of the directory's owner are restored.
  ASSERT_EQ(chown((to / "open").c_str(), 7, 7), 0);
  EXPECT_THAT(Unpack(*archive, to.path()), IsOk());
  EXPECT_EQ(StatOf(to / "open").st_uid, 0u);
  EXPECT_EQ(ModeOf(to / "open"), 0755u);
}

TEST(ArchiveUnpack, DefaultAclsOfDirectoriesAreKept) {
  TestDirectory from, to;
  from.Directory("a");
  from.Directory("a/b");
  SetAcl(from / "a/b", ACL_TYPE_DEFAULT, "u::rwx,u:9:rx,g::rx,m::rx,o::-");
  absl::StatusOr<std::string> archive = Pack(from.path());
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());
  EXPECT_FALSE(HasAcl(to / "a", ACL_TYPE_DEFAULT));
  EXPECT_TRUE(HasAcl(to / "a/b", ACL_TYPE_DEFAULT));
}

TEST(ArchiveUnpack, RootMemberIsSkipped) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0711);
  EXPECT_THAT(Unpack(MakeTar({{.name = "./", .type = AE_IFDIR}, {.name = "./a"}}), dir.path()),
              IsOk());
  EXPECT_EQ(ModeOf(dir.path()), 0711u);
  EXPECT_TRUE(Exists(dir / "a"));
}

TEST(ArchiveUnpack, DataThatIsNotAnArchiveFails) {
  TestDirectory dir;
  for (const std::string& data : {std::string("hello, world"), std::string(100000, 'x'),
                                  std::string("\x1f\x8b\x08garbage"), std::string()}) {
    EXPECT_THAT(Unpack(data, dir.path()), FailsWith(v1::INVALID_ARGUMENT)) << data.substr(0, 9);
  }
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(ArchiveUnpack, TruncatedArchiveFailsAndLeavesNoHalfFile) {
  TestDirectory dir;
  const std::string archive = MakeTar(
      {{.name = "a", .content = "whole"}, {.name = "b", .content = std::string(9000, 'b')}});
  const size_t b = archive.find("bbbbbbbb");
  EXPECT_THAT(Unpack(archive.substr(0, b + 3000), dir.path()), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("a"));
}

// A process that is killed leaves no half file either: what has a name is complete.
TEST(ArchiveUnpack, MemberHasItsNameWhenItIsComplete) {
  TestDirectory dir;
  dir.File("b", "old");
  const std::string archive = MakeTar({{.name = "a", .content = std::string(9000, 'a')},
                                       {.name = "b", .content = std::string(9000, 'b')},
                                       {.name = "c", .content = std::string(9000, 'c')}});
  UniqueFd directory(open(dir.path().c_str(), O_PATH | O_DIRECTORY));
  absl::string_view rest = archive;
  const absl::Status status =
      UnpackArchive(directory.get(), [&]() -> absl::StatusOr<absl::string_view> {
        for (const std::string& name : Names(dir.path())) {
          const size_t size = ReadFile(dir / name).size();
          EXPECT_TRUE(size == 9000 || (name == "b" && size == 3)) << name << ": " << size;
        }
        const absl::string_view next = rest.substr(0, 512);
        rest.remove_prefix(next.size());
        return next;
      });
  EXPECT_THAT(status, IsOk());
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("a", "b", "c"));
  EXPECT_EQ(ReadFile(dir / "b"), std::string(9000, 'b'));
}

TEST(ArchiveUnpack, TruncatedArchiveLeavesTheFileThatStoodThere) {
  TestDirectory dir;
  dir.File("b", "old");
  const std::string archive = MakeTar({{.name = "b", .content = std::string(9000, 'b')}});
  const size_t b = archive.find("bbbbbbbb");
  EXPECT_THAT(Unpack(archive.substr(0, b + 3000), dir.path()), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("b"));
  EXPECT_EQ(ReadFile(dir / "b"), "old");
}

TEST(ArchiveUnpack, FullDiskLeavesTheFileThatStoodThere) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "size=64k");
  dir.File("big", "old");
  EXPECT_THAT(Unpack(MakeTar({{.name = "big", .content = std::string(1 << 20, 'x')}}), dir.path()),
              FailsWith(v1::NO_SPACE));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("big"));
  EXPECT_EQ(ReadFile(dir / "big"), "old");
}

TEST(ArchiveUnpack, FullDiskEndsUnpacking) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "size=64k");
  EXPECT_THAT(
      Unpack(MakeTar({{.name = "big", .content = std::string(1 << 20, 'x')}, {.name = "after"}}),
             dir.path()),
      FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(ArchiveUnpack, DiskWithoutFreeInodesEndsUnpacking) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "nr_inodes=3");
  EXPECT_THAT(
      Unpack(MakeTar({{.name = "1"}, {.name = "2"}, {.name = "3"}, {.name = "4"}}), dir.path()),
      FailsWith(v1::NO_SPACE));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("1", "2"));
  EXPECT_THAT(
      Unpack(MakeTar({{.name = "new/directory/3"}, {.name = "1", .content = "new"}}), dir.path()),
      FailsWith(v1::NO_SPACE));
  EXPECT_EQ(ReadFile(dir / "1"), "");
}

TEST(ArchiveUnpack, UnpackedFilesBelongToAUserWhoIsNotRoot) {
  TestDirectory from, to;
  from.File("file", "x");
  chmod(to.path().c_str(), 0777);
  absl::StatusOr<std::string> archive = Pack(from.path());
  AsNobody([&] { EXPECT_THAT(Unpack(*archive, to.path()), IsOk()); });
  EXPECT_EQ(StatOf(to / "file").st_uid, 65534u);
}

// Other threads make files at the same time.
TEST(ArchiveUnpack, UnpackingLeavesUmaskAndWorkingDirectoryAlone) {
  TestDirectory dir;
  const std::string before = std::filesystem::current_path();
  const mode_t mask = umask(027);
  EXPECT_THAT(Unpack(MakeTar({{.name = "new/file"}}), dir.path()), IsOk());
  EXPECT_EQ(umask(mask), 027u);
  EXPECT_EQ(std::filesystem::current_path(), before);
  EXPECT_EQ(ModeOf(dir / "new"), 0750u);
}

}  // namespace
}  // namespace toolboxd::hgfsd
