// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/transfer_checks.h"

#include <sys/stat.h>

#include "gtest/gtest.h"
#include "hgfsd/content_size.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(CheckRead, DescribesAFileByItsPath) {
  TestDirectory dir;
  const std::string file = dir.File("file", "123");
  absl::StatusOr<v1::FileInfo> info = CheckRead(file);
  ASSERT_THAT(info, IsOk());
  EXPECT_EQ(info->name(), file);
  EXPECT_EQ(info->size(), 3u);
}

TEST(CheckRead, ReportsWhyItFails) {
  TestDirectory dir;
  dir.File("secret", "x", 0600);
  EXPECT_THAT(CheckRead(dir / "none"), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(CheckRead(dir.Link("link", "secret")), FailsWith(v1::IS_A_SYMLINK));
  EXPECT_THAT(CheckRead(dir.path()), FailsWith(v1::NOT_A_FILE));
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(CheckRead(dir / "pipe"), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(CheckRead("/dev/zero"), FailsWith(v1::NOT_A_FILE));
  AsNobody([&] { EXPECT_THAT(CheckRead(dir / "secret"), FailsWith(v1::ACCESS_DENIED)); });
}

TEST(CheckRead, ProcFilesHaveTheirRealLength) {
  absl::StatusOr<v1::FileInfo> info = CheckRead("/proc/version");
  ASSERT_THAT(info, IsOk());
  EXPECT_EQ(info->size(), ReadFile("/proc/version").size());
  EXPECT_GT(info->size(), 0u);
}

TEST(ContentSize, EmptyFileHasSizeZero) {
  TestDirectory dir;
  EXPECT_EQ(CheckRead(dir.File("empty"))->size(), 0u);
}

TEST(ContentSize, ProcFilesLargerThanAPacketAreCounted) {
  const std::string content = ReadFile("/proc/kallsyms");
  ASSERT_GE(content.size(), 63488u) << "as root /proc/kallsyms is large";
  EXPECT_EQ(DescribeContent("/proc/kallsyms")->size(), content.size());
}

TEST(CheckWrite, NewFileNeedsAWritableParent) {
  TestDirectory dir;
  EXPECT_THAT(CheckWrite(dir / "new", Overwrite::kNo), IsOk());
  EXPECT_THAT(CheckWrite(dir / "none/new", Overwrite::kNo), FailsWith(v1::PARENT_NOT_FOUND));
  EXPECT_THAT(CheckWrite(dir.File("f") + "/new", Overwrite::kNo), FailsWith(v1::PARENT_NOT_FOUND));
  AsNobody(
      [&] { EXPECT_THAT(CheckWrite(dir / "new", Overwrite::kNo), FailsWith(v1::ACCESS_DENIED)); });
}

TEST(CheckWrite, ExistingFileNeedsOverwriteAndPermission) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  EXPECT_THAT(CheckWrite(file, Overwrite::kYes), IsOk());
  EXPECT_THAT(CheckWrite(file, Overwrite::kNo), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(CheckWrite(dir.path(), Overwrite::kYes), FailsWith(v1::NOT_A_FILE));
  EXPECT_THAT(CheckWrite(dir.Link("link", file), Overwrite::kYes), FailsWith(v1::IS_A_SYMLINK));
  AsNobody([&] { EXPECT_THAT(CheckWrite(file, Overwrite::kYes), FailsWith(v1::ACCESS_DENIED)); });
}

TEST(CheckWrite, RefusesWhatTheUploadWouldRefuse) {
  TestDirectory dir;
  dir.Directory("tmp", 01777);
  const std::string file = dir.File("tmp/file", "theirs", 0777);
  ASSERT_EQ(chown(file.c_str(), 7, 7), 0);
  EXPECT_THAT(CheckWrite(file, Overwrite::kYes), FailsWith(v1::ACCESS_DENIED));
  EXPECT_THAT(CheckWrite("/proc/self/mem", Overwrite::kYes), FailsWith(v1::ACCESS_DENIED));
}

}  // namespace
}  // namespace toolboxd::hgfsd
