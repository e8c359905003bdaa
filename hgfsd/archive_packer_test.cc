// SPDX-License-Identifier: Apache-2.0

// Packing: what an archive holds, and that it unpacks to what was packed.

#include "hgfsd/archive_packer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/archives.h"
#include "hgfsd/testing/test_files.h"

namespace {

// Users that the database does not have, after a while.
constexpr uid_t kFirstUnknown = 100000;

}  // namespace

// In place of libc's.
extern "C" int getpwuid_r(uid_t uid, passwd* user, char* buffer, size_t size, passwd** found) {
  if (uid >= kFirstUnknown) {
    usleep(20'000);
    *found = nullptr;
    return 0;
  }
  static const auto real = reinterpret_cast<decltype(&getpwuid_r)>(dlsym(RTLD_NEXT, "getpwuid_r"));
  return real(uid, user, buffer, size, found);
}

namespace toolboxd::hgfsd {
namespace {

// W6 of tests/attacks/README.md.
TEST(ArchivePacker, ManyOwnersWithoutANameAreWaitedForAMoment) {
  TestDirectory dir;
  for (uid_t i = 0; i < 200; ++i) {
    const std::string file = dir.File(std::to_string(i), "x");
    ASSERT_EQ(chown(file.c_str(), kFirstUnknown + i, 0), 0);
  }
  const absl::Time begin = absl::Now();
  EXPECT_THAT(Pack(dir.path()), IsOk());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
}

TEST(ArchivePacker, RoundTripKeepsContentAndAttributes) {
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

// Bytes that this process has read.
int64_t BytesRead() {
  std::ifstream file("/proc/self/io");
  std::string name;
  int64_t value = 0;
  file >> name >> value;
  EXPECT_EQ(name, "rchar:");
  return value;
}

TEST(ArchivePacker, HolesAreNotRead) {
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
TEST(ArchivePacker, PackCanBeCancelledWhileItSendsNothing) {
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
      OwnerDatabases(), [&] { return ++asked == 100; });
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_FALSE(sent);
}

TEST(ArchivePacker, FilesThatShrinkAreFilledUp) {
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
  ASSERT_THAT(packer->Pack(512, sink, OwnerDatabases()), IsOk());
  EXPECT_THAT(Unpack(archive.substr(0, archive.size() - kTrailer.size()), to.path()), IsOk());
  EXPECT_EQ(StatOf(plain).st_size, 70000);
  EXPECT_EQ(StatOf(to / "plain").st_size, 100000);
  EXPECT_EQ(StatOf(sparse).st_size, 0);
  EXPECT_EQ(StatOf(to / "sparse").st_size, 1 << 20);
}

TEST(ArchivePacker, MembersAreInLexicalOrderWithoutTheRoot) {
  TestDirectory dir;
  dir.Directory("b");
  dir.File("b/2");
  dir.File("b/1");
  dir.File("a");
  dir.File("b.c");
  EXPECT_THAT(List(*Pack(dir.path())), testing::ElementsAre("a", "b/", "b/1", "b/2", "b.c"));
}

TEST(ArchivePacker, PrefixGoesBeforeEveryNameAndHardLink) {
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

TEST(ArchivePacker, PacksGzipOnRequestAndUnpacksItUnasked) {
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

TEST(ArchivePacker, AnyChunkSizeKeepsTheTrailerWhole) {
  TestDirectory dir;
  dir.File("a", "x");
  ContentPath content;
  content.path = dir.path();
  const OwnerDatabases owners;
  const size_t size = Pack(content)->size();
  for (size_t chunk : {size - 1, size, size + 1, size + 2, size + 3, size / 2, size_t{7}}) {
    absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
    std::string last;
    const auto sink = [&](absl::string_view data) {
      last = std::string(data);
      return absl::OkStatus();
    };
    ASSERT_THAT(packer->Pack(chunk, sink, owners), IsOk());
    EXPECT_TRUE(absl::EndsWith(last, kTrailer)) << chunk;
  }
}

TEST(ArchivePacker, SingleFileIsTheOnlyMember) {
  TestDirectory dir;
  EXPECT_THAT(List(*Pack(dir.File("file", "x"))), testing::ElementsAre("file"));
}

TEST(ArchivePacker, UnreadableFilesAndSocketsAreLeftOut) {
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

TEST(ArchivePacker, PackReportsWhyItFails) {
  TestDirectory dir;
  EXPECT_THAT(Pack(dir / "none"), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(Pack("/dev/null"), FailsWith(v1::NOT_A_FILE));
  const std::string locked = dir.Directory("locked", 0700);
  AsNobody([&] { EXPECT_THAT(Pack(locked), FailsWith(v1::ACCESS_DENIED)); });
  ContentPath content;
  content.path = dir.path();
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  EXPECT_EQ(packer->info().size(), uint64_t{INT64_MAX});
  EXPECT_TRUE(absl::IsCancelled(packer->Pack(
      100, [](absl::string_view) { return absl::CancelledError("gone"); }, OwnerDatabases())));
}

// A path of 6,000 bytes, which no system call takes.
TEST(ArchivePacker, TreeDeeperThanAPathCanBeTravelsThereAndBack) {
  TestDirectory from, to;
  UniqueFd level(open(from.path().c_str(), O_PATH | O_DIRECTORY));
  const std::string name(200, 'n');
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(mkdirat(level.get(), name.c_str(), 0755), 0);
    level.reset(openat(level.get(), name.c_str(), O_PATH | O_DIRECTORY));
  }
  const UniqueFd file(openat(level.get(), "file", O_CREAT | O_WRONLY, 0644));
  ASSERT_EQ(write(file.get(), "deep", 4), 4);
  const absl::StatusOr<std::string> archive = Pack(from.path());
  ASSERT_THAT(archive, IsOk());
  ASSERT_THAT(Unpack(*archive, to.path()), IsOk());
  const absl::StatusOr<std::string> again = Pack(to.path());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(List(*again), List(*archive));
  EXPECT_EQ(List(*again).size(), 31u);
}

TEST(ArchivePacker, TreeOfTooManyLevelsIsNotPacked) {
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
