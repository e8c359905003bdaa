// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/make.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "hgfsd/fs/beneath.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(Make, ReturnsWhatWasMade) {
  TestDirectory dir;
  UniqueFd directory(open(dir.path().c_str(), O_PATH | O_DIRECTORY));
  const struct {
    const char* name;
    absl::StatusOr<UniqueFd> made;
    mode_t mode;
  } cases[] = {
      {"file", MakeFile(directory.get(), "file", 0600), S_IFREG | 0600},
      {"directory", MakeDirectoryHeld(directory.get(), "directory", 0700), S_IFDIR | 0700},
      {"link", MakeLink(directory.get(), "link", "/nowhere"), S_IFLNK | 0777},
      {"pipe", MakeNode(directory.get(), "pipe", S_IFIFO | 0600, 0), S_IFIFO | 0600},
  };
  for (const auto& test : cases) {
    ASSERT_THAT(test.made, IsOk()) << test.name;
    struct stat held, named;
    ASSERT_EQ(fstat(test.made->get(), &held), 0);
    ASSERT_EQ(lstat((dir / test.name).c_str(), &named), 0);
    EXPECT_EQ(held.st_ino, named.st_ino) << test.name;
    EXPECT_EQ(held.st_mode, test.mode) << test.name;
    // Attributes reach links as well.
    EXPECT_EQ(ChangeOwner(test.made->get(), 7, 8), 0) << test.name;
    const struct timespec times[2] = {{1, 0}, {2, 0}};
    EXPECT_EQ(ChangeTimes(test.made->get(), times), 0) << test.name;
    ASSERT_EQ(lstat((dir / test.name).c_str(), &named), 0);
    EXPECT_EQ(named.st_uid, 7u) << test.name;
    EXPECT_EQ(named.st_mtime, 2) << test.name;
  }
}

TEST(Make, RefusesANameThatExists) {
  TestDirectory dir;
  dir.Link("name", "/nowhere");
  UniqueFd directory(open(dir.path().c_str(), O_PATH | O_DIRECTORY));
  EXPECT_THAT(MakeFile(directory.get(), "name", 0600), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeDirectoryHeld(directory.get(), "name", 0700), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeLink(directory.get(), "name", "x"), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeNode(directory.get(), "name", S_IFIFO | 0600, 0), FailsWith(v1::ALREADY_EXISTS));
}

// Both ways to open, with openat2 and by components.
class Beneath : public testing::TestWithParam<decltype(&OpenBeneath)> {};

TEST_P(Beneath, LeadsToDirectoriesBelowTheTop) {
  TestDirectory dir;
  dir.Directory("top");
  dir.Directory("top/a");
  UniqueFd top(open((dir / "top").c_str(), O_PATH | O_DIRECTORY));
  EXPECT_THAT(GetParam()(top.get(), "", Missing::kFail), IsOk());
  EXPECT_THAT(GetParam()(top.get(), "a", Missing::kFail), IsOk());
  EXPECT_THAT(GetParam()(top.get(), "a/b", Missing::kFail), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(GetParam()(top.get(), "a/b/c", Missing::kMake), IsOk());
  EXPECT_TRUE(Exists(dir / "top/a/b/c"));
}

TEST_P(Beneath, FollowsNoLink) {
  TestDirectory dir;
  dir.Directory("outside");
  dir.Directory("top");
  dir.File("top/file");
  dir.Link("top/link", "../outside");
  dir.Link("top/absolute", dir / "outside");
  dir.Link("top/inside", ".");
  UniqueFd top(open((dir / "top").c_str(), O_PATH | O_DIRECTORY));
  for (Missing missing : {Missing::kFail, Missing::kMake}) {
    for (const char* path : {"link", "link/new", "absolute", "inside", "inside/new"}) {
      EXPECT_THAT(GetParam()(top.get(), path, missing), FailsWith(v1::INVALID_ARGUMENT)) << path;
    }
    EXPECT_THAT(GetParam()(top.get(), "file", missing), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_THAT(GetParam()(top.get(), "file/x", missing), FailsWith(v1::NOT_A_DIRECTORY));
  }
  EXPECT_TRUE(Names(dir / "outside").empty());
}

INSTANTIATE_TEST_SUITE_P(OpenAndWalk, Beneath, testing::Values(&OpenBeneath, &WalkBeneath));

}  // namespace
}  // namespace toolboxd::hgfsd
