// SPDX-License-Identifier: Apache-2.0

// Network file systems (and some others) take what is written and say when a descriptor is closed
// that it did not fit. W5 of tests/attacks/README.md.

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/small_file_system.h"
#include "gtest/gtest.h"
#include "hgfsd/file_writer.h"
#include "hgfsd/move.h"
#include "hgfsd/testing/archives.h"
#include "hgfsd/testing/test_files.h"

namespace {

// The file system whose quota is used up.
std::atomic<dev_t> g_full{0};

bool HasWritten(int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 && st.st_dev == g_full && S_ISREG(st.st_mode) && st.st_size > 0 &&
         (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

}  // namespace

// In place of libc's.
extern "C" int close(int fd) {
  const bool late = g_full != 0 && HasWritten(fd);
  const long closed = syscall(SYS_close, fd);
  if (!late || closed != 0) return static_cast<int>(closed);
  errno = EDQUOT;
  return -1;
}

namespace toolboxd::hgfsd {
namespace {

class LateErrorsTest : public testing::Test {
 protected:
  LateErrorsTest() {
    dir_.File("disk/old", "old");
    struct stat st = {};
    EXPECT_EQ(stat((dir_ / "disk").c_str(), &st), 0);
    g_full = st.st_dev;
  }
  ~LateErrorsTest() override { g_full = 0; }

  // No more than what was there before.
  void ExpectNoTrace() {
    EXPECT_THAT(Names(dir_ / "disk"), testing::ElementsAre("old"));
    EXPECT_EQ(ReadFile(dir_ / "disk/old"), "old");
  }

  TestDirectory dir_;
  const std::string made_ = dir_.Directory("disk");
  SmallFileSystem disk_{made_, "size=1m"};
};

TEST_F(LateErrorsTest, MovedFileStaysWhereItWas) {
  const std::string file = dir_.File("file", "content");
  EXPECT_THAT(MoveFile(file, dir_ / "disk/new", Overwrite::kNo), FailsWith(v1::NO_SPACE));
  EXPECT_THAT(MoveFile(file, dir_ / "disk/old", Overwrite::kYes), FailsWith(v1::NO_SPACE));
  EXPECT_EQ(ReadFile(file), "content");
  ExpectNoTrace();
}

TEST_F(LateErrorsTest, MovedTreeStaysWhereItWas) {
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir_.Directory("tree");
  for (int i = 0; i < 3; ++i) dir_.File(absl::StrCat("tree/", i), "content");
  EXPECT_THAT(MoveDirectory(dir_ / "tree", dir_ / "disk/tree", deleter), FailsWith(v1::NO_SPACE));
  EXPECT_EQ(Names(dir_ / "tree").size(), 3u);
  ExpectNoTrace();
}

TEST_F(LateErrorsTest, MemberOfAnArchiveReplacesNothingAndEndsUnpacking) {
  const std::string archive =
      MakeTar({{.name = "old", .content = "new"}, {.name = "after", .content = ""}});
  EXPECT_THAT(Unpack(archive, dir_ / "disk"), FailsWith(v1::NO_SPACE));
  ExpectNoTrace();
}

TEST_F(LateErrorsTest, UploadReplacesNothing) {
  auto writer =
      FileWriter::Open(dir_ / "disk/old", {v1::OpenForWriting::CREATE_OR_TRUNCATE, 0, false});
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT((*writer)->Write(0, "new"), IsOk());
  EXPECT_THAT((*writer)->Commit(), FailsWith(v1::NO_SPACE));
  writer->reset();
  ExpectNoTrace();
}

}  // namespace
}  // namespace toolboxd::hgfsd
