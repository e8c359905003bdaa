// SPDX-License-Identifier: Apache-2.0

// Packing and unpacking: an archive unpacks to what was packed, and never outside of the target.

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/testing/small_file_system.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/archive_packer.h"
#include "hgfsd/archive_receiver.h"
#include "hgfsd/archive_unpack.h"
#include "hgfsd/testing/test_files.h"
#include "hgfsd/utf8_locale.h"

namespace toolboxd::hgfsd {
namespace {

constexpr absl::string_view kTrailer("\x1f\x8b\x08", 3);

absl::StatusOr<std::string> Pack(const ContentPath& content, size_t chunk = 61440) {
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  if (!packer.ok()) return packer.status();
  std::string archive;
  absl::Status status = packer->Pack(chunk, [&](absl::string_view data) {
    EXPECT_LE(data.size(), chunk);
    archive.append(data.data(), data.size());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  EXPECT_TRUE(absl::EndsWith(archive, kTrailer));
  archive.resize(archive.size() - kTrailer.size());
  return archive;
}

absl::StatusOr<std::string> Pack(const std::string& path) {
  ContentPath content;
  content.path = path;
  return Pack(content);
}

absl::Status Unpack(absl::string_view archive, const std::string& target, size_t piece = 10000) {
  UniqueFd directory(open(target.c_str(), O_PATH | O_DIRECTORY));
  return UnpackArchive(directory.get(), [&]() -> absl::StatusOr<absl::string_view> {
    absl::string_view next = archive.substr(0, piece);
    archive.remove_prefix(next.size());
    return next;
  });
}

struct Member {
  std::string name;
  mode_t type = AE_IFREG;
  std::string content = "";
  std::string link = "";
  bool hard = false;
};

std::string MakeTar(const std::vector<Member>& members) {
  std::string result(4 << 20, '\0');
  size_t used = 0;
  struct archive* writer = archive_write_new();
  archive_write_set_format_pax(writer);
  archive_write_open_memory(writer, result.data(), result.size(), &used);
  for (const Member& member : members) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_copy_pathname(entry, member.name.c_str());
    archive_entry_set_filetype(entry, member.type);
    archive_entry_set_perm(entry, 0755);
    archive_entry_set_size(entry, member.content.size());
    if (member.hard) archive_entry_copy_hardlink(entry, member.link.c_str());
    if (member.type == AE_IFLNK) archive_entry_copy_symlink(entry, member.link.c_str());
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << archive_error_string(writer);
    archive_write_data(writer, member.content.data(), member.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  result.resize(used);
  return result;
}

// Names in an archive, in their order.
std::vector<std::string> List(const std::string& archive) {
  Utf8Locale locale;
  std::vector<std::string> names;
  struct archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_open_memory(reader, archive.data(), archive.size());
  struct archive_entry* entry;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    names.push_back(archive_entry_pathname(entry));
    if (names.size() > 1000000) break;
  }
  archive_read_free(reader);
  return names;
}

struct stat StatOf(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(lstat(path.c_str(), &st), 0) << path;
  return st;
}

TEST(Archive, RoundTripKeepsContentAndAttributes) {
  TestDirectory from, to;
  from.Directory("dir", 0750);
  from.Directory("empty", 0700);
  from.File("dir/file", "content", 0640);
  from.File("suid", "x", 04711);
  ASSERT_EQ(chown((from / "suid").c_str(), 7, 8), 0);
  ASSERT_EQ(chmod((from / "suid").c_str(), 04711), 0);
  SetCapability(from / "suid");
  from.File("new\nline \"'&<", "odd");
  from.File("\xff\xfe", "not UTF-8");
  from.File("\xc3\xa9", "UTF-8");
  from.File(std::string(200, 'n'), "long");
  from.Link("link", "../no/where");
  from.Link("long link", std::string(300, 't'));
  ASSERT_EQ(link((from / "dir/file").c_str(), (from / "hard").c_str()), 0);
  ASSERT_EQ(mkfifo((from / "pipe").c_str(), 0600), 0);
  from.File("sparse", "");
  const int fd = open((from / "sparse").c_str(), O_RDWR);
  ASSERT_EQ(pwrite(fd, "end", 3, 50 << 20), 3);
  close(fd);
  const bool xattrs = setxattr((from / "dir/file").c_str(), "user.note", "a\0b", 3, 0) == 0;
  SetAcl(from / "dir/file", ACL_TYPE_ACCESS, "u::rw,u:9:r,g::r,m::r,o::-");
  const struct timespec times[2] = {{1, 2}, {1500000000, 123456789}};
  ASSERT_EQ(utimensat(AT_FDCWD, (from / "dir/file").c_str(), times, 0), 0);
  ASSERT_EQ(utimensat(AT_FDCWD, (from / "dir").c_str(), times, 0), 0);

  absl::StatusOr<std::string> archive = Pack(from.path());
  ASSERT_THAT(archive, IsOk());
  EXPECT_LT(archive->size(), 1u << 20);  // The hole is not in it.
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());

  EXPECT_EQ(Names(to.path()), Names(from.path()));
  for (const std::string& name : Names(from.path())) {
    EXPECT_EQ(StatOf(from / name).st_mode, StatOf(to / name).st_mode) << name;
    EXPECT_EQ(StatOf(from / name).st_uid, StatOf(to / name).st_uid) << name;
    EXPECT_EQ(StatOf(from / name).st_mtim.tv_nsec, StatOf(to / name).st_mtim.tv_nsec) << name;
  }
  EXPECT_EQ(StatOf(to / "dir").st_mtim.tv_sec, 1500000000);
  EXPECT_EQ(StatOf(to / "dir/file").st_ino, StatOf(to / "hard").st_ino);
  EXPECT_EQ(ReadFile(to / "hard"), "content");
  EXPECT_EQ(ReadFile(to / "\xff\xfe"), "not UTF-8");
  EXPECT_EQ(ReadFile(to / "\xc3\xa9"), "UTF-8");
  char target[400] = {};
  EXPECT_EQ(readlink((to / "link").c_str(), target, sizeof(target)), 11);
  EXPECT_STREQ(target, "../no/where");
  EXPECT_EQ(readlink((to / "long link").c_str(), target, sizeof(target)), 300);
  EXPECT_EQ(StatOf(to / "sparse").st_size, (50 << 20) + 3);
  EXPECT_LT(StatOf(to / "sparse").st_blocks * 512, 1 << 20);
  char value[256];
  if (xattrs) {
    EXPECT_EQ(getxattr((to / "dir/file").c_str(), "user.note", value, sizeof(value)), 3);
  }
  EXPECT_TRUE(HasAcl(to / "dir/file", ACL_TYPE_ACCESS));
  EXPECT_TRUE(HasCapability(to / "suid"));
}

TEST(Archive, MembersWithoutAnAclGetTheDirectorysDefault) {
  TestDirectory dir;
  SetAcl(dir.path(), ACL_TYPE_DEFAULT, "u::rw,u:65534:rw,g::r,m::rw,o::-");
  EXPECT_THAT(Unpack(MakeTar({{.name = "file", .content = "x"}}), dir.path()), IsOk());
  EXPECT_TRUE(HasAcl(dir / "file", ACL_TYPE_ACCESS));
}

// Bytes that this process has read.
int64_t BytesRead() {
  std::ifstream file("/proc/self/io");
  std::string name;
  int64_t value = 0;
  file >> name >> value;
  EXPECT_EQ(name, "rchar:");
  return value;
}

TEST(Archive, HolesAreNotRead) {
  TestDirectory from, to;
  for (const char* name : {"at the end", "between", "everywhere"}) {
    const std::string path = from.File(name);
    ASSERT_EQ(truncate(path.c_str(), int64_t{8} << 30), 0);
    const int fd = open(path.c_str(), O_RDWR);
    if (name[0] != 'e') {
      ASSERT_EQ(pwrite(fd, "begin", 5, 0), 5);
    }
    if (name[0] == 'b') {
      ASSERT_EQ(pwrite(fd, "middle", 6, (int64_t{4} << 30) - 3), 6);
      ASSERT_EQ(pwrite(fd, "end", 3, (int64_t{8} << 30) - 3), 3);
    }
    close(fd);
  }
  const int64_t before = BytesRead();
  absl::StatusOr<std::string> archive = Pack(from.path());
  EXPECT_LT(BytesRead() - before, 1 << 20);
  ASSERT_THAT(archive, IsOk());
  EXPECT_LT(archive->size(), 1u << 20);
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());
  for (const std::string& name : Names(from.path())) {
    EXPECT_EQ(StatOf(to / name).st_size, int64_t{8} << 30) << name;
    EXPECT_LT(StatOf(to / name).st_blocks * 512, 1 << 20) << name;
    const int a = open((from / name).c_str(), O_RDONLY);
    const int b = open((to / name).c_str(), O_RDONLY);
    for (int64_t offset : {int64_t{0}, (int64_t{4} << 30) - 4096, (int64_t{8} << 30) - 4096}) {
      char expected[8192] = {}, actual[8192] = {};
      EXPECT_EQ(pread(a, expected, sizeof(expected), offset),
                pread(b, actual, sizeof(actual), offset));
      EXPECT_EQ(memcmp(expected, actual, sizeof(expected)), 0) << name << " " << offset;
    }
    close(a);
    close(b);
  }
}

// Content that becomes little or nothing in the archive.
TEST(Archive, PackCanBeCancelledWhileItSendsNothing) {
  TestDirectory dir;
  const std::string zeros = dir.File("zeros", std::string(16 << 20, '\0'));
  ContentPath content;
  content.path = zeros;
  content.gzip = true;
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  int asked = 0;
  bool sent = false;
  const absl::Status status = packer->Pack(
      61440,
      [&](absl::string_view) {
        sent = true;
        return absl::OkStatus();
      },
      [&] { return ++asked == 100; });
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_FALSE(sent);
}

TEST(Archive, FilesThatShrinkAreFilledUp) {
  TestDirectory from, to;
  const std::string plain = from.File("plain", std::string(100000, 'y'));
  const std::string sparse = from.File("sparse", "begin");
  ASSERT_EQ(truncate(sparse.c_str(), 1 << 20), 0);
  ContentPath content;
  content.path = from.path();
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  std::string archive;
  const auto sink = [&](absl::string_view data) {
    // While its content is read, and between its header and its content.
    if (absl::StrContains(data, "yyyy")) truncate(plain.c_str(), 70000);
    if (absl::StrContains(data, "GNU.sparse")) truncate(sparse.c_str(), 0);
    archive.append(data.data(), data.size());
    return absl::OkStatus();
  };
  ASSERT_THAT(packer->Pack(512, sink), IsOk());
  EXPECT_THAT(Unpack(archive.substr(0, archive.size() - kTrailer.size()), to.path()), IsOk());
  EXPECT_EQ(StatOf(plain).st_size, 70000);
  EXPECT_EQ(StatOf(to / "plain").st_size, 100000);
  EXPECT_EQ(StatOf(sparse).st_size, 0);
  EXPECT_EQ(StatOf(to / "sparse").st_size, 1 << 20);
}

TEST(Archive, MembersAreInLexicalOrderWithoutTheRoot) {
  TestDirectory dir;
  dir.Directory("b");
  dir.File("b/2");
  dir.File("b/1");
  dir.File("a");
  dir.File("b.c");
  EXPECT_THAT(List(*Pack(dir.path())), testing::ElementsAre("a", "b/", "b/1", "b/2", "b.c"));
}

TEST(Archive, PrefixGoesBeforeEveryNameAndHardLink) {
  TestDirectory dir, to;
  dir.File("a", "x");
  ASSERT_EQ(link((dir / "a").c_str(), (dir / "b").c_str()), 0);
  ContentPath content;
  content.path = dir.path();
  content.prefix = "top/";
  absl::StatusOr<std::string> archive = Pack(content);
  EXPECT_THAT(List(*archive), testing::ElementsAre("top/a", "top/b"));
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());
  EXPECT_EQ(ReadFile(to / "top/b"), "x");
}

TEST(Archive, PacksGzipOnRequestAndUnpacksItUnasked) {
  TestDirectory dir, to;
  dir.File("zeros", std::string(1 << 20, '\0'));
  ContentPath content;
  content.path = dir.path();
  content.gzip = true;
  absl::StatusOr<std::string> archive = Pack(content);
  ASSERT_THAT(archive, IsOk());
  EXPECT_TRUE(absl::StartsWith(*archive, kTrailer));
  EXPECT_LT(archive->size(), 20000u);
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());
  EXPECT_EQ(StatOf(to / "zeros").st_size, 1 << 20);
}

TEST(Archive, AnyChunkSizeKeepsTheTrailerWhole) {
  TestDirectory dir;
  dir.File("a", "x");
  ContentPath content;
  content.path = dir.path();
  const size_t size = Pack(content)->size();
  for (size_t chunk : {size - 1, size, size + 1, size + 2, size + 3, size / 2, size_t{7}}) {
    absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
    std::string last;
    ASSERT_THAT(packer->Pack(chunk,
                             [&](absl::string_view data) {
                               last = std::string(data);
                               return absl::OkStatus();
                             }),
                IsOk());
    EXPECT_TRUE(absl::EndsWith(last, kTrailer)) << chunk;
  }
}

TEST(Archive, SingleFileIsTheOnlyMember) {
  TestDirectory dir;
  EXPECT_THAT(List(*Pack(dir.File("file", "x"))), testing::ElementsAre("file"));
}

TEST(Archive, UnreadableFilesAndSocketsAreLeftOut) {
  TestDirectory dir;
  dir.File("readable");
  dir.File("secret", "x", 0600);
  dir.Directory("locked", 0700);
  dir.File("locked/file");
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, (dir / "socket").c_str());
  ASSERT_EQ(bind(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof(address)), 0);
  close(fd);
  AsNobody(
      [&] { EXPECT_THAT(List(*Pack(dir.path())), testing::ElementsAre("locked/", "readable")); });
}

TEST(Archive, PackReportsWhyItFails) {
  TestDirectory dir;
  EXPECT_THAT(Pack(dir / "none"), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(Pack("/dev/null"), FailsWith(v1::NOT_A_FILE));
  const std::string locked = dir.Directory("locked", 0700);
  AsNobody([&] { EXPECT_THAT(Pack(locked), FailsWith(v1::ACCESS_DENIED)); });
  ContentPath content;
  content.path = dir.path();
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  EXPECT_EQ(packer->info().size(), uint64_t{INT64_MAX});
  EXPECT_TRUE(absl::IsCancelled(
      packer->Pack(100, [](absl::string_view) { return absl::CancelledError("gone"); })));
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
TEST(Archive, MembersThatWouldLeaveTheTargetAreRefusedByName) {
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

TEST(Archive, LinkAtAMembersNameIsReplacedNotFollowed) {
  TestDirectory dir;
  const std::string outside = dir.File("outside", "precious");
  const std::string target = dir.Directory("target");
  dir.Link("target/name", "../outside");
  EXPECT_THAT(Unpack(MakeTar({{.name = "name", .content = "new"}}), target), IsOk());
  EXPECT_EQ(ReadFile(outside), "precious");
  EXPECT_EQ(ReadFile(target + "/name"), "new");
}

TEST(Archive, LinksAlreadyInTheTargetAreNotWrittenThrough) {
  TestDirectory dir;
  dir.Directory("outside");
  const std::string target = dir.Directory("target");
  dir.Link("target/link", "../outside");
  EXPECT_FALSE(Unpack(MakeTar({{.name = "link/file", .content = "bad"}}), target).ok());
  EXPECT_TRUE(Names(dir / "outside").empty());
}

TEST(Archive, HardLinkToItselfKeepsTheFile) {
  TestDirectory dir;
  EXPECT_THAT(
      Unpack(MakeTar({{.name = "a", .content = "x"}, {.name = "a", .link = "a", .hard = true}}),
             dir.path()),
      IsOk());
  EXPECT_EQ(ReadFile(dir / "a"), "x");
}

// A folder of root's with a folder of another user's in it, who exchanges the member after it was
// unpacked and before the link to it comes.
TEST(Archive, HardLinkIsMadeOnlyToTheFileThatWasUnpacked) {
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

TEST(Archive, FileOnWhichItsOwnerHasALeaseIsBusyAtOnce) {
  TestDirectory dir;
  const Lease lease(dir.File("leased", "x"));
  EXPECT_EQ(ReasonOf(Pack(dir / "leased").status()), v1::BUSY);
}

TEST(Archive, HardLinkToAFileThatStoodThereBeforeIsRefused) {
  TestDirectory dir;
  dir.File("before", "before");
  EXPECT_THAT(Unpack(MakeTar({{.name = "new", .link = "before", .hard = true}}), dir.path()),
              FailsWith(v1::BUSY));
  EXPECT_NE(access((dir / "new").c_str(), F_OK), 0);
}

TEST(Archive, HardLinksToAHardLinkAreOfTheSameFile) {
  TestDirectory dir;
  EXPECT_THAT(Unpack(MakeTar({{.name = "a", .content = "x"},
                              {.name = "b", .link = "a", .hard = true},
                              {.name = "c", .link = "b", .hard = true}}),
                     dir.path()),
              IsOk());
  EXPECT_EQ(StatOf(dir / "a").st_ino, StatOf(dir / "c").st_ino);
}

TEST(Archive, MembersReplaceFilesLinksAndEmptyDirectories) {
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
TEST(Archive, DirectoryThatAnotherUserPutInPlaceKeepsItsOwnerAndMode) {
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

TEST(Archive, DefaultAclsOfDirectoriesAreKept) {
  TestDirectory from, to;
  from.Directory("a");
  from.Directory("a/b");
  SetAcl(from / "a/b", ACL_TYPE_DEFAULT, "u::rwx,u:9:rx,g::rx,m::rx,o::-");
  absl::StatusOr<std::string> archive = Pack(from.path());
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());
  EXPECT_FALSE(HasAcl(to / "a", ACL_TYPE_DEFAULT));
  EXPECT_TRUE(HasAcl(to / "a/b", ACL_TYPE_DEFAULT));
}

TEST(Archive, RootMemberIsSkipped) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0711);
  EXPECT_THAT(Unpack(MakeTar({{.name = "./", .type = AE_IFDIR}, {.name = "./a"}}), dir.path()),
              IsOk());
  EXPECT_EQ(ModeOf(dir.path()), 0711u);
  EXPECT_TRUE(Exists(dir / "a"));
}

TEST(Archive, DataThatIsNotAnArchiveFails) {
  TestDirectory dir;
  for (const std::string& data : {std::string("hello, world"), std::string(100000, 'x'),
                                  std::string("\x1f\x8b\x08garbage"), std::string()}) {
    EXPECT_THAT(Unpack(data, dir.path()), FailsWith(v1::INVALID_ARGUMENT)) << data.substr(0, 9);
  }
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(Archive, TruncatedArchiveFailsAndLeavesNoHalfFile) {
  TestDirectory dir;
  const std::string archive = MakeTar(
      {{.name = "a", .content = "whole"}, {.name = "b", .content = std::string(9000, 'b')}});
  const size_t b = archive.find("bbbbbbbb");
  EXPECT_THAT(Unpack(archive.substr(0, b + 3000), dir.path()), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("a"));
}

TEST(Archive, FullDiskEndsUnpacking) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "size=64k");
  EXPECT_THAT(
      Unpack(MakeTar({{.name = "big", .content = std::string(1 << 20, 'x')}, {.name = "after"}}),
             dir.path()),
      FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(Archive, DiskWithoutFreeInodesEndsUnpacking) {
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

TEST(Archive, UnpackedFilesBelongToAUserWhoIsNotRoot) {
  TestDirectory from, to;
  from.File("file", "x");
  chmod(to.path().c_str(), 0777);
  absl::StatusOr<std::string> archive = Pack(from.path());
  AsNobody([&] { EXPECT_THAT(Unpack(*archive, to.path()), IsOk()); });
  EXPECT_EQ(StatOf(to / "file").st_uid, 65534u);
}

// Other threads make files at the same time.
TEST(Archive, UnpackingLeavesUmaskAndWorkingDirectoryAlone) {
  TestDirectory dir;
  const std::string before = std::filesystem::current_path();
  const mode_t mask = umask(027);
  EXPECT_THAT(Unpack(MakeTar({{.name = "new/file"}}), dir.path()), IsOk());
  EXPECT_EQ(umask(mask), 027u);
  EXPECT_EQ(std::filesystem::current_path(), before);
  EXPECT_EQ(ModeOf(dir / "new"), 0750u);
}

TEST(ArchiveReceiver, UnpacksWhatIsWritten) {
  TestDirectory from, to;
  for (int i = 0; i < 20; ++i) from.File(absl::StrCat("f", i), std::string(100000, 'a' + i));
  absl::StatusOr<std::string> archive = Pack(from.path());
  ContentPath content;
  content.path = to / "made/on the way";
  auto receiver = ArchiveReceiver::Open(content);
  ASSERT_THAT(receiver, IsOk());
  for (size_t i = 0; i < archive->size(); i += 60000) {
    ASSERT_THAT((*receiver)->Write(i, absl::string_view(*archive).substr(i, 60000)), IsOk());
  }
  // What follows the archive's end is discarded.
  EXPECT_THAT((*receiver)->Write((*receiver)->position(), kTrailer), IsOk());
  EXPECT_THAT((*receiver)->Commit(), IsOk());
  EXPECT_EQ(ModeOf(to / "made"), 0750u);
  EXPECT_EQ(Names(to / "made/on the way").size(), 20u);
  EXPECT_EQ(ReadFile(to / "made/on the way/f7"), std::string(100000, 'h'));
}

TEST(ArchiveReceiver, ReportsErrorsAtTheNextWriteOrAtCommit) {
  TestDirectory dir;
  ContentPath content;
  content.path = dir.path();
  {
    auto receiver = ArchiveReceiver::Open(content);
    absl::Status status;
    for (int i = 0; i < 1000 && status.ok(); ++i) {
      status = (*receiver)->Write((*receiver)->position(), std::string(4096, 'x'));
      usleep(100);
    }
    EXPECT_THAT(status, FailsWith(v1::INVALID_ARGUMENT));
    EXPECT_THAT((*receiver)->Commit(), FailsWith(v1::INVALID_ARGUMENT));
  }
  {
    auto receiver = ArchiveReceiver::Open(content);
    EXPECT_THAT((*receiver)->Write(0, "short"), IsOk());
    EXPECT_THAT((*receiver)->Commit(), FailsWith(v1::INVALID_ARGUMENT));
  }
  {
    auto receiver = ArchiveReceiver::Open(content);
    EXPECT_THAT((*receiver)->Write(5, "x"), FailsWith(v1::INVALID_ARGUMENT));
  }
  content.path = dir.File("file");
  EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::NOT_A_DIRECTORY));
}

TEST(ArchiveReceiver, OpenIsBusyWithoutAThread) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] {
    NoMoreThreads();
    ContentPath content;
    content.path = dir.path();
    EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::BUSY));
    content.path = dir / "new/directory";
    EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::BUSY));
    EXPECT_TRUE(Names(dir.path()).empty());
  });
}

TEST(ArchiveReceiver, OpenMakesNothingOnADiskWithoutFreeInodes) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "nr_inodes=3");
  ContentPath content;
  content.path = dir / "a/b/c";
  EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(ArchiveReceiver, EndsAtOnceWithoutCommit) {
  TestDirectory dir;
  ContentPath content;
  content.path = dir.path();
  auto receiver = ArchiveReceiver::Open(content);
  const std::string archive = MakeTar({{.name = "a", .content = std::string(100000, 'a')}});
  EXPECT_THAT((*receiver)->Write(0, archive.substr(0, 50000)), IsOk());
  receiver->reset();
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(Archive, TreeOfTooManyLevelsIsNotPacked) {
  TestDirectory dir;
  std::string path = "d";
  for (int level = 1; level < 400; ++level, path += "/d") dir.Directory(path);
  dir.Directory(path);
  EXPECT_THAT(Pack(dir.path()), IsOk());
  dir.Directory(path + "/d");
  EXPECT_THAT(Pack(dir.path()), FailsWith(v1::NAME_TOO_LONG));
}

}  // namespace
}  // namespace toolboxd::hgfsd
