// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

class NewFileTest : public testing::Test {
 protected:
  std::unique_ptr<NewFile> Make(const std::string& content) {
    absl::StatusOr<std::unique_ptr<NewFile>> made = NewFile::Make(directory_.get(), 0640, "file");
    EXPECT_THAT(made.status(), IsOk());
    EXPECT_EQ(write((*made)->fd(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    return *std::move(made);
  }

  TestDirectory dir_;
  const UniqueFd directory_{open(dir_.path().c_str(), O_PATH | O_DIRECTORY)};
};

TEST_F(NewFileTest, HasNoNameUntilItTakesOne) {
  const std::unique_ptr<NewFile> file = Make("new");
  EXPECT_TRUE(Names(dir_.path()).empty());
  EXPECT_EQ(file->TakeName("file", Existing::kKeep), 0);
  EXPECT_THAT(Names(dir_.path()), testing::ElementsAre("file"));
  EXPECT_EQ(ReadFile(dir_ / "file"), "new");
}

TEST_F(NewFileTest, GivenUpLeavesNothing) {
  dir_.File("file", "old");
  Make("new").reset();
  EXPECT_THAT(Names(dir_.path()), testing::ElementsAre("file"));
  EXPECT_EQ(ReadFile(dir_ / "file"), "old");
}

TEST_F(NewFileTest, ReplacesAFileOnlyWhereItMay) {
  dir_.File("file", "old");
  const std::unique_ptr<NewFile> file = Make("new");
  EXPECT_EQ(file->TakeName("file", Existing::kKeep), -1);
  EXPECT_EQ(errno, EEXIST);
  EXPECT_EQ(ReadFile(dir_ / "file"), "old");
  EXPECT_EQ(file->TakeName("file", Existing::kReplace), 0);
  EXPECT_EQ(ReadFile(dir_ / "file"), "new");
  EXPECT_THAT(Names(dir_.path()), testing::ElementsAre("file"));
}

TEST_F(NewFileTest, DoesNotReplaceADirectoryAndCanBeNamedAfterwards) {
  dir_.Directory("file");
  const std::unique_ptr<NewFile> file = Make("new");
  EXPECT_EQ(file->TakeName("file", Existing::kReplace), -1);
  EXPECT_EQ(errno, EISDIR);
  EXPECT_EQ(rmdir((dir_ / "file").c_str()), 0);
  EXPECT_EQ(file->TakeName("file", Existing::kReplace), 0);
  EXPECT_EQ(ReadFile(dir_ / "file"), "new");
  EXPECT_THAT(Names(dir_.path()), testing::ElementsAre("file"));
}

TEST_F(NewFileTest, DirectoryThatIsNotWritableHasNoNewFile) {
  const UniqueFd proc(open("/proc", O_PATH | O_DIRECTORY));
  EXPECT_FALSE(NewFile::Make(proc.get(), 0640, "file").ok());
}

}  // namespace
}  // namespace toolboxd::hgfsd
