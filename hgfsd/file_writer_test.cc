// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_writer.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/testing/small_file_system.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/file_reader.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

using Mode = v1::OpenForWriting;

absl::StatusOr<std::unique_ptr<FileWriter>> Open(const std::string& path,
                                                 Mode::Mode mode = Mode::CREATE_OR_TRUNCATE,
                                                 mode_t permissions = 0) {
  return FileWriter::Open(path, {mode, permissions, false});
}

// Opens, writes and commits.
absl::Status Upload(const std::string& path, absl::string_view content,
                    Mode::Mode mode = Mode::CREATE_OR_TRUNCATE, mode_t permissions = 0) {
  absl::StatusOr<std::unique_ptr<FileWriter>> writer = Open(path, mode, permissions);
  if (!writer.ok()) return writer.status();
  if (absl::Status status = (*writer)->Write(0, content); !status.ok()) return status;
  return (*writer)->Commit();
}

ino_t InodeOf(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(stat(path.c_str(), &st), 0);
  return st.st_ino;
}

TEST(FileWriter, NewFileAppearsWithCommit) {
  TestDirectory dir;
  auto writer = Open(dir / "new\xff\n");
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT((*writer)->Write(0, "12"), IsOk());
  EXPECT_THAT((*writer)->Write((*writer)->position(), "34"), IsOk());
  EXPECT_TRUE(Names(dir.path()).empty());
  EXPECT_THAT((*writer)->Commit(), IsOk());
  EXPECT_EQ(ReadFile(dir / "new\xff\n"), "1234");
  EXPECT_EQ(ModeOf(dir / "new\xff\n"), 0600u);
  EXPECT_EQ((*writer)->size(), 4u);
}

TEST(FileWriter, WithoutCommitNothingChanges) {
  TestDirectory dir;
  const std::string old = dir.File("old", "old");
  for (const std::string& path : {dir / "new", old}) {
    auto writer = Open(path);
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT((*writer)->Write(0, "new content"), IsOk());
  }
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("old"));
  EXPECT_EQ(ReadFile(old), "old");
}

TEST(FileWriter, ReplacingKeepsOwnerPermissionsAclAndExtendedAttributes) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old", 0640);
  ASSERT_EQ(chown(file.c_str(), 7, 8), 0);
  const bool xattrs = setxattr(file.c_str(), "user.note", "x", 1, 0) == 0;
  SetAcl(file, ACL_TYPE_ACCESS, "u::rw,u:9:r,g::r,m::r,o::-");
  const ino_t before = InodeOf(file);
  ASSERT_THAT(Upload(file, "new"), IsOk());
  EXPECT_NE(InodeOf(file), before);
  EXPECT_EQ(ReadFile(file), "new");
  struct stat st;
  ASSERT_EQ(stat(file.c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 7u);
  EXPECT_EQ(st.st_gid, 8u);
  EXPECT_EQ(st.st_mode & 07777, 0640u);
  EXPECT_TRUE(HasAcl(file, ACL_TYPE_ACCESS));
  char value[256];
  if (xattrs) {
    EXPECT_EQ(getxattr(file.c_str(), "user.note", value, sizeof(value)), 1);
  }
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("file"));
}

TEST(FileWriter, ReplacingDoesNotApplyTheDirectorysDefaultAcl) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old", 0640);
  SetAcl(dir.path(), ACL_TYPE_DEFAULT, "u::rw,u:65534:rw,g::r,m::rw,o::-");
  ASSERT_THAT(Upload(file, "new"), IsOk());
  EXPECT_EQ(ModeOf(file), 0640u);
  EXPECT_FALSE(HasAcl(file, ACL_TYPE_ACCESS));
  AsNobody([&] { EXPECT_EQ(open(file.c_str(), O_RDONLY), -1); });
  // A new file gets the directory's default ACL.
  ASSERT_THAT(Upload(dir / "new", "x", Mode::CREATE_OR_TRUNCATE, 0660), IsOk());
  AsNobody([&] { EXPECT_EQ(ReadFile(dir / "new"), "x"); });
}

// They were given to the old content.
TEST(FileWriter, ReplacingDropsCapabilities) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old", 0755);
  SetCapability(file);
  ASSERT_THAT(Upload(file, "new"), IsOk());
  EXPECT_FALSE(HasCapability(file));
}

TEST(FileWriter, LinkIsNeitherFollowedNorReplaced) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old");
  for (const std::string& link : {dir.Link("link", "file"), dir.Link("dangling", "target")}) {
    EXPECT_THAT(Upload(link, "new"), FailsWith(v1::IS_A_SYMLINK)) << link;
  }
  EXPECT_EQ(ReadFile(file), "old");
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("dangling", "file", "link"));
}

// User 7 prepares what root is known to upload to.
TEST(FileWriter, FileOfAnotherUserInAStickyDirectoryIsRefused) {
  TestDirectory dir;
  for (mode_t mode : {01777, 01775}) {
    const std::string tmp = dir.Directory(absl::StrCat("tmp", mode), mode);
    const std::string file = tmp + "/deploy.sh";
    const std::string pipe = tmp + "/secret.conf";
    dir.File(absl::StrCat("tmp", mode, "/deploy.sh"), "theirs", 0777);
    ASSERT_EQ(mkfifo(pipe.c_str(), 0622), 0);
    for (const std::string& path : {file, pipe}) ASSERT_EQ(chown(path.c_str(), 7, 7), 0);
    UniqueFd reader(open(pipe.c_str(), O_RDONLY | O_NONBLOCK));
    for (Mode::Mode how : {Mode::CREATE_OR_TRUNCATE, Mode::CREATE, Mode::OPEN_EXISTING}) {
      EXPECT_THAT(Upload(file, "root's", how), FailsWith(v1::ACCESS_DENIED));
      EXPECT_THAT(Upload(pipe, "root's", how), FailsWith(v1::ACCESS_DENIED));
    }
    char byte;
    EXPECT_EQ(read(reader.get(), &byte, 1), 0);
    EXPECT_EQ(ReadFile(file), "theirs");
    // Root's own may be replaced.
    ASSERT_EQ(chown(file.c_str(), 0, 0), 0);
    EXPECT_THAT(Upload(file, "root's"), IsOk());
  }
}

// What people do.
TEST(FileWriter, FileInTheHomeOfAnotherUserKeepsItsOwner) {
  TestDirectory dir;
  const std::string file = dir.File("authorized_keys", "old", 0600);
  for (const std::string& path : {dir.path(), file}) ASSERT_EQ(chown(path.c_str(), 7, 8), 0);
  EXPECT_THAT(Upload(file, "new"), IsOk());
  struct stat st;
  ASSERT_EQ(stat(file.c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 7u);
  EXPECT_EQ(st.st_gid, 8u);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  EXPECT_EQ(ReadFile(file), "new");
}

// User 7 has linked a file of root's into a directory of theirs.
TEST(FileWriter, FileThatAnotherUserMayHaveLinkedIsReplacedNotWritten) {
  TestDirectory dir;
  const std::string shadow = dir.File("shadow", "precious", 0600);
  for (mode_t mode : {0755, 0777, 01777, 0775}) {
    const std::string theirs = dir.Directory(absl::StrCat("dir", mode), mode);
    if (mode == 0755) {
      ASSERT_EQ(chown(theirs.c_str(), 7, 7), 0);
    }
    const std::string planted = theirs + "/planted";
    ASSERT_EQ(link(shadow.c_str(), planted.c_str()), 0);
    EXPECT_THAT(Upload(planted, "new", Mode::CREATE), FailsWith(v1::ACCESS_DENIED)) << mode;
    EXPECT_THAT(Upload(planted, "new", Mode::OPEN_EXISTING), FailsWith(v1::ACCESS_DENIED)) << mode;
    EXPECT_THAT(Upload(planted, "new"), IsOk()) << mode;
    EXPECT_EQ(ReadFile(planted), "new") << mode;
    EXPECT_EQ(ReadFile(shadow), "precious") << mode;
  }
}

TEST(FileWriter, FilesOfProcessesAreNotWritten) {
  for (const std::string& file :
       {std::string("/proc/self/mem"), absl::StrCat("/proc/", getpid(), "/mem"),
        absl::StrCat("/proc/self/task/", getpid(), "/mem"),
        std::string("/proc/thread-self/oom_score_adj")}) {
    EXPECT_THAT(Upload(file, "x", Mode::OPEN_EXISTING), FailsWith(v1::ACCESS_DENIED)) << file;
    EXPECT_THAT(Upload(file, "x"), FailsWith(v1::ACCESS_DENIED)) << file;
  }
  // Links: not followed.
  EXPECT_THAT(Upload("/proc/self/exe", "x"), FailsWith(v1::IS_A_SYMLINK));
  EXPECT_THAT(Upload("/proc/self/fd/1", "x"), FailsWith(v1::IS_A_SYMLINK));
}

TEST(FileWriter, OtherHardLinksSeeTheContent) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old content");
  ASSERT_EQ(link(file.c_str(), (dir / "other").c_str()), 0);
  EXPECT_THAT(Upload(file, "new"), IsOk());
  EXPECT_EQ(ReadFile(dir / "other"), "new");
}

TEST(FileWriter, WritesInPlaceWhereTheDirectoryIsNotWritable) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old content", 0666);
  AsNobody([&] { EXPECT_THAT(Upload(file, "new"), IsOk()); });
  EXPECT_EQ(ReadFile(file), "new");
}

TEST(FileWriter, WritesInPlaceWhereTheOwnerCannotBeKept) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  const std::string file = dir.File("file", "old content", 0666);
  const ino_t before = InodeOf(file);
  AsNobody([&] { EXPECT_THAT(Upload(file, "new"), IsOk()); });
  EXPECT_EQ(ReadFile(file), "new");
  EXPECT_EQ(InodeOf(file), before);
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("file"));
}

TEST(FileWriter, WritesInPlaceOnABindMount) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old content");
  const std::string inside = dir.File("inside", "inner");
  if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount(inside.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    FAIL() << "mounting needs root";
  }
  EXPECT_THAT(Upload(file, "new"), IsOk());
  EXPECT_EQ(ReadFile(inside), "new");
  umount(file.c_str());
  EXPECT_EQ(ReadFile(file), "old content");
}

TEST(FileWriter, ModesDecideWhetherContentStays) {
  TestDirectory dir;
  const std::string file = dir.File("file", "0123456789");
  EXPECT_THAT(Upload(file, "ab", Mode::OPEN_EXISTING), IsOk());
  EXPECT_EQ(ReadFile(file), "ab23456789");
  EXPECT_THAT(Upload(file, "c", Mode::CREATE), IsOk());
  EXPECT_EQ(ReadFile(file), "cb23456789");
  EXPECT_THAT(Upload(dir / "new", "x", Mode::CREATE), IsOk());
  EXPECT_THAT(Upload(dir / "new2", "x", Mode::CREATE_NEW, 0644), IsOk());
  EXPECT_EQ(ModeOf(dir / "new2"), 0644u);
  EXPECT_THAT(Upload(file, "d", Mode::TRUNCATE_EXISTING), IsOk());
  EXPECT_EQ(ReadFile(file), "d");
}

TEST(FileWriter, PositionStartsAtTheEndOfContentThatStays) {
  TestDirectory dir;
  const std::string file = dir.File("file", "0123456789");
  for (Mode::Mode mode : {Mode::OPEN_EXISTING, Mode::CREATE}) {
    auto writer = Open(file, mode);
    ASSERT_THAT(writer, IsOk());
    EXPECT_THAT((*writer)->Write((*writer)->position(), "a"), IsOk());
    EXPECT_THAT((*writer)->Write((*writer)->position(), "b"), IsOk());
    EXPECT_THAT((*writer)->Commit(), IsOk());
    EXPECT_EQ((*writer)->size(), 2u);
  }
  EXPECT_EQ(ReadFile(file), "0123456789abab");
  // Where content is replaced, the position starts at 0, also in place.
  ASSERT_EQ(link(file.c_str(), (dir / "other").c_str()), 0);
  for (const std::string& path : {file, dir / "new"}) {
    EXPECT_EQ((*Open(path))->position(), 0u);
  }
}

TEST(FileWriter, OpenReportsWhyItFails) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old", 0600);
  EXPECT_THAT(Open(dir / "none", Mode::OPEN_EXISTING), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(Open(dir / "none", Mode::TRUNCATE_EXISTING), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(Open(dir / "none/file"), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(Open(file + "/x"), FailsWith(v1::NOT_A_DIRECTORY));
  EXPECT_THAT(Open(file, Mode::CREATE_NEW), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(Open(dir.path()), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(Open("/"), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(Open(dir / std::string(256, 'x')), FailsWith(v1::NAME_TOO_LONG));
  AsNobody([&] {
    EXPECT_THAT(Open(file), FailsWith(v1::ACCESS_DENIED));
    EXPECT_THAT(Open(dir / "new"), FailsWith(v1::ACCESS_DENIED));
  });
  EXPECT_EQ(ReadFile(file), "old");
}

TEST(FileWriter, FileThatTheUserMayNotWriteIsNotReplaced) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  const std::string file = dir.File("file", "old", 0444);
  AsNobody([&] { EXPECT_THAT(Open(file), FailsWith(v1::ACCESS_DENIED)); });
}

TEST(FileWriter, CreateNewDoesNotReplaceAFileThatAppeared) {
  TestDirectory dir;
  auto writer = Open(dir / "file", Mode::CREATE_NEW);
  ASSERT_THAT(writer, IsOk());
  dir.File("file", "theirs");
  EXPECT_THAT((*writer)->Commit(), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_EQ(ReadFile(dir / "file"), "theirs");
}

TEST(FileWriter, CommitCanBeCancelled) {
  TestDirectory dir;
  const std::string file = dir.File("file", "old");
  auto writer = Open(file);
  EXPECT_THAT((*writer)->Write(0, "new"), IsOk());
  EXPECT_TRUE(absl::IsCancelled((*writer)->Commit([] { return true; })));
  EXPECT_EQ(ReadFile(file), "old");
}

TEST(FileWriter, AttributesAreAppliedBeforeTheFileTakesItsPlace) {
  TestDirectory dir;
  auto writer = Open(dir / "file");
  v1::FileAttributes attributes;
  attributes.set_permissions(0640);
  attributes.set_modification_time(1500000000000000001);
  attributes.set_gid(5);
  (*writer)->SetAttributes(attributes);
  EXPECT_THAT((*writer)->Write(0, "x"), IsOk());
  EXPECT_THAT((*writer)->Commit(), IsOk());
  struct stat st;
  ASSERT_EQ(stat((dir / "file").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0640u);
  EXPECT_EQ(st.st_mtim.tv_sec, 1500000000);
  EXPECT_EQ(st.st_mtim.tv_nsec, 1);
  EXPECT_EQ(st.st_gid, 5u);
}

TEST(FileWriter, AttributesThatFailLeaveTheTargetAlone) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] {
    auto writer = Open(dir / "file");
    ASSERT_THAT(writer, IsOk());
    v1::FileAttributes attributes;
    attributes.set_uid(0);
    (*writer)->SetAttributes(attributes);
    EXPECT_THAT((*writer)->Commit(), FailsWith(v1::ACCESS_DENIED));
  });
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(FileWriter, OffsetsBeyond4GiBLeaveHoles) {
  TestDirectory dir;
  auto writer = Open(dir / "sparse");
  EXPECT_THAT((*writer)->Write(5'000'000'000, "end"), IsOk());
  EXPECT_THAT((*writer)->Write(0, "begin"), IsOk());
  EXPECT_THAT((*writer)->Commit(), IsOk());
  struct stat st;
  ASSERT_EQ(stat((dir / "sparse").c_str(), &st), 0);
  EXPECT_EQ(st.st_size, 5'000'000'003);
  EXPECT_LT(st.st_blocks * 512, 1 << 20);
  absl::StatusOr<FileReader> reader = FileReader::Open(dir / "sparse", 4'999'999'999);
  ASSERT_THAT(reader, IsOk());
  std::string data;
  EXPECT_THAT(reader->Read(100, data), IsOk());
  EXPECT_EQ(data, std::string("\0end", 4));
}

TEST(FileWriter, ImpossibleOffsetsFail) {
  TestDirectory dir;
  auto writer = Open(dir / "file");
  EXPECT_THAT((*writer)->Write(UINT64_MAX, "x"), FailsWith(v1::FILE_TOO_BIG));
  EXPECT_THAT((*writer)->Write(0, "x"), FailsWith(v1::FILE_TOO_BIG));  // The first error stays.
  EXPECT_THAT((*writer)->Commit(), FailsWith(v1::FILE_TOO_BIG));
}

TEST(FileWriter, FullDiskIsAnErrorAtTheNextWriteAndLeavesNothing) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "size=64k");
  dir.File("old", "old");
  auto writer = Open(dir / "old");
  ASSERT_THAT(writer, IsOk());
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = (*writer)->Write((*writer)->position(), std::string(4096, 'x'));
  }
  EXPECT_THAT(status, FailsWith(v1::NO_SPACE));
  EXPECT_THAT((*writer)->Commit(), FailsWith(v1::NO_SPACE));
  writer->reset();
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("old"));
  EXPECT_EQ(ReadFile(dir / "old"), "old");
}

TEST(FileWriter, OpenFailsOnADiskWithoutFreeInodes) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "nr_inodes=2");
  dir.File("old", "old");
  EXPECT_THAT(Open(dir / "new"), FailsWith(v1::NO_SPACE));
  // Not written in place: its content would be lost if the disk has no free bytes either.
  EXPECT_THAT(Open(dir / "old"), FailsWith(v1::NO_SPACE));
  EXPECT_EQ(ReadFile(dir / "old"), "old");
}

TEST(FileWriter, FileSizeLimitIsAnError) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] {
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {1000, 1000};
    auto writer = Open(dir / "file");
    setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT_THAT((*writer)->Write(0, std::string(2000, 'x')), FailsWith(v1::FILE_TOO_BIG));
  });
}

TEST(FileWriter, PipesTakeBytesInOrderAndNeverHang) {
  TestDirectory dir;
  const std::string pipe = dir / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(Open(pipe).ok());  // No reader.
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  auto writer = Open(pipe);
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT((*writer)->Write(0, "ab"), IsOk());
  EXPECT_TRUE(
      absl::IsCancelled((*writer)->Write(2, std::string(1 << 20, 'x'), [] { return true; })));
  EXPECT_THAT(FileWriter::Open(pipe, {}).value()->Write(5, "x"), FailsWith(v1::INVALID_ARGUMENT));
  close(reader);
}

TEST(FileWriter, WritesDevices) { EXPECT_THAT(Upload("/dev/null", "x"), IsOk()); }

TEST(FileWriter, RunningProgramsAreReplaced) {
  TestDirectory dir;
  const std::string program = dir.File("program", ReadFile("/bin/sleep"), 0755);
  const pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), "sleep", "20", nullptr);
    _exit(1);
  }
  usleep(100000);
  EXPECT_THAT(Upload(program, "new"), IsOk());
  EXPECT_EQ(ReadFile(program), "new");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(FileReader, ReadsToTheEndFromAnOffset) {
  TestDirectory dir;
  const std::string file = dir.File("file", "0123456789");
  absl::StatusOr<FileReader> reader = FileReader::Open(file, 3);
  ASSERT_THAT(reader, IsOk());
  EXPECT_EQ(reader->info().size(), 10u);
  std::string data;
  EXPECT_THAT(reader->Read(4, data), IsOk());
  EXPECT_EQ(data, "3456");
  EXPECT_THAT(reader->Read(4, data), IsOk());
  EXPECT_EQ(data, "789");
  EXPECT_THAT(reader->Read(4, data), IsOk());
  EXPECT_EQ(data, "");
  EXPECT_THAT(FileReader::Open(file, 99)->Read(4, data), IsOk());
  EXPECT_EQ(data, "");
}

TEST(FileReader, FilesMayGrowAndShrinkWhileTheyAreRead) {
  TestDirectory dir;
  const std::string file = dir.File("file", "0123456789");
  absl::StatusOr<FileReader> reader = FileReader::Open(file, 0);
  std::string data;
  EXPECT_THAT(reader->Read(5, data), IsOk());
  ASSERT_EQ(truncate(file.c_str(), 7), 0);
  EXPECT_THAT(reader->Read(5, data), IsOk());
  EXPECT_EQ(data, "56");
  ASSERT_EQ(truncate(file.c_str(), 9), 0);
  EXPECT_THAT(reader->Read(5, data), IsOk());
  EXPECT_EQ(data, std::string(2, '\0'));
}

TEST(FileReader, ReadsProcFiles) {
  absl::StatusOr<FileReader> reader = FileReader::Open("/proc/version", 6);
  ASSERT_THAT(reader, IsOk());
  std::string data;
  EXPECT_THAT(reader->Read(1 << 16, data), IsOk());
  EXPECT_EQ(data, ReadFile("/proc/version").substr(6));
}

TEST(FileReader, OpenReportsWhyItFails) {
  TestDirectory dir;
  const std::string secret = dir.File("secret", "", 0600);
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(FileReader::Open(dir / "none", 0), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(FileReader::Open(dir.path(), 0), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(FileReader::Open(dir / "pipe", 0), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(FileReader::Open("/dev/zero", 0), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(FileReader::Open(secret, UINT64_MAX), FailsWith(v1::INVALID_ARGUMENT));
  AsNobody([&] { EXPECT_THAT(FileReader::Open(secret, 0), FailsWith(v1::ACCESS_DENIED)); });
}

}  // namespace
}  // namespace toolboxd::hgfsd
