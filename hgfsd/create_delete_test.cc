// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/create_delete.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

const auto kGivenUp = [] { return true; };

TEST(MakeDirectory, IsPrivate) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir / "new", false, 0), IsOk());
  EXPECT_EQ(ModeOf(dir / "new"), 0700u);
  EXPECT_THAT(MakeDirectory(dir / "slash/", false, 0750), IsOk());
  EXPECT_EQ(ModeOf(dir / "slash"), 0750u);
}

TEST(MakeDirectory, MakesParentsOnRequest) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir / "a/b/c", false, 0), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(MakeDirectory(dir / "a/b/c", true, 0), IsOk());
  EXPECT_EQ(ModeOf(dir / "a/b"), 0700u);
}

TEST(MakeDirectory, ExistingIsAnErrorInBothCases) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir.path(), false, 0), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeDirectory(dir.path(), true, 0), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeDirectory(dir.Link("dangling", "none"), true, 0), FailsWith(v1::ALREADY_EXISTS));
}

TEST(MakeDirectory, OtherErrors) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir.File("f") + "/d", true, 0), FailsWith(v1::NOT_A_DIRECTORY));
  EXPECT_THAT(MakeDirectory(dir / std::string(256, 'x'), false, 0), FailsWith(v1::NAME_TOO_LONG));
  EXPECT_TRUE(absl::IsCancelled(MakeDirectory(dir / "d", false, 0, kGivenUp)));
  EXPECT_FALSE(Exists(dir / "d"));
  AsNobody([&] { EXPECT_THAT(MakeDirectory(dir / "d", true, 0), FailsWith(v1::ACCESS_DENIED)); });
}

TEST(MakeDirectory, FailureLeavesNoParentsBehind) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir / "a/b/" + std::string(256, 'x'), true, 0),
              FailsWith(v1::NAME_TOO_LONG));
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(MakeDirectory, FullDiskLeavesNothing) {
  TestDirectory dir;
  SmallDisk disk(dir.path(), "nr_inodes=3");
  EXPECT_THAT(MakeDirectory(dir / "a/b/c", true, 0), FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir.path()).empty());
  EXPECT_THAT(MakeDirectory(dir / "a/b", true, 0), IsOk());
  EXPECT_THAT(MakeDirectory(dir / "c", false, 0), FailsWith(v1::NO_SPACE));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("a"));
}

TEST(DeleteFile, RemovesTheLinkNotItsTarget) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  EXPECT_THAT(DeleteFile(dir.Link("link", file)), IsOk());
  EXPECT_THAT(DeleteFile(dir.Link("dangling", "none")), IsOk());
  EXPECT_THAT(DeleteFile(dir.Link("to_directory", "/tmp")), IsOk());
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("file"));
  EXPECT_THAT(DeleteFile(file), IsOk());
}

TEST(DeleteFile, Errors) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  EXPECT_THAT(DeleteFile(dir / "none"), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(DeleteFile(dir.path()), FailsWith(v1::NOT_A_FILE));
  EXPECT_TRUE(absl::IsCancelled(DeleteFile(file, kGivenUp)));
  AsNobody([&] { EXPECT_THAT(DeleteFile(file), FailsWith(v1::ACCESS_DENIED)); });
  EXPECT_TRUE(Exists(file));
}

TEST(DeleteDirectory, EmptyOnlyUnlessRecursive) {
  TestDirectory dir;
  TreeRemover remover;
  dir.Directory("d");
  dir.File("d/file");
  EXPECT_THAT(DeleteDirectory(dir / "d", false, remover), FailsWith(v1::DIRECTORY_NOT_EMPTY));
  EXPECT_THAT(DeleteDirectory(dir / "d/", true, remover), IsOk());
  dir.Directory("d");
  EXPECT_THAT(DeleteDirectory(dir / "d/", false, remover), IsOk());
  EXPECT_FALSE(Exists(dir / "d"));
}

TEST(DeleteDirectory, Errors) {
  TestDirectory dir;
  TreeRemover remover;
  dir.Directory("d");
  for (bool recursive : {false, true}) {
    EXPECT_THAT(DeleteDirectory(dir / "none", recursive, remover), FailsWith(v1::NOT_FOUND));
    EXPECT_THAT(DeleteDirectory(dir.File("f"), recursive, remover), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_TRUE(absl::IsCancelled(DeleteDirectory(dir / "d", recursive, remover, kGivenUp)));
  }
  EXPECT_THAT(DeleteDirectory(dir.Link("l", "d"), true, remover), FailsWith(v1::NOT_A_DIRECTORY));
  AsNobody([&] {
    EXPECT_THAT(DeleteDirectory(dir / "d", false, remover), FailsWith(v1::ACCESS_DENIED));
  });
}

v1::CreateTemporaryRequest Temporary(const std::string& directory, bool make_directory) {
  v1::CreateTemporaryRequest request;
  request.set_directory(directory);
  request.set_prefix("pre \n");
  request.set_suffix(".suf");
  request.set_make_directory(make_directory);
  return request;
}

TEST(CreateTemporary, MakesPrivateFilesAndDirectories) {
  TestDirectory dir;
  absl::StatusOr<std::string> file = CreateTemporary(Temporary(dir.path(), false));
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(*file, testing::StartsWith(dir / "pre \nvmware"));
  EXPECT_THAT(*file, testing::EndsWith(".suf"));
  EXPECT_EQ(ModeOf(*file), 0600u);
  absl::StatusOr<std::string> directory = CreateTemporary(Temporary(dir.path() + "/", true));
  ASSERT_THAT(directory, IsOk());
  EXPECT_EQ(ModeOf(*directory), 0700u);
  EXPECT_NE(*file, *CreateTemporary(Temporary(dir.path(), false)));
}

TEST(CreateTemporary, WithoutADirectoryItIsTheUsersOwn) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 01777);
  setenv("TMPDIR", dir.path().c_str(), 1);
  AsNobody([&] {
    absl::StatusOr<std::string> path = CreateTemporary(Temporary("", false));
    ASSERT_THAT(path, IsOk());
    EXPECT_THAT(*path, testing::StartsWith(dir / "toolboxd-65534/pre"));
    EXPECT_EQ(ModeOf(dir / "toolboxd-65534"), 0700u);
  });
  // Somebody else's directory of that name is not trusted.
  ASSERT_EQ(chown((dir / "toolboxd-65534").c_str(), 1, 1), 0);
  AsNobody([&] {
    EXPECT_THAT(*CreateTemporary(Temporary("", false)),
                testing::StartsWith(dir / "toolboxd-65534-"));
  });
  unsetenv("TMPDIR");
}

TEST(CreateTemporary, FullDiskLeavesNothing) {
  TestDirectory dir;
  SmallDisk disk(dir.path(), "nr_inodes=2");
  setenv("TMPDIR", dir.path().c_str(), 1);
  for (bool make_directory : {false, true}) {
    // There is room for the user's own directory, and for nothing in it.
    EXPECT_THAT(CreateTemporary(Temporary("", make_directory)), FailsWith(v1::NO_SPACE));
    EXPECT_TRUE(Names(dir.path()).empty());
  }
  dir.Directory("last");
  for (bool make_directory : {false, true}) {
    EXPECT_THAT(CreateTemporary(Temporary("", make_directory)), FailsWith(v1::NO_SPACE));
    EXPECT_THAT(CreateTemporary(Temporary(dir.path(), make_directory)), FailsWith(v1::NO_SPACE));
  }
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("last"));
  unsetenv("TMPDIR");
}

TEST(CreateTemporary, Errors) {
  TestDirectory dir;
  EXPECT_THAT(CreateTemporary(Temporary(dir / "none", false)), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(CreateTemporary(Temporary(dir.File("f"), true)), FailsWith(v1::NOT_A_DIRECTORY));
  v1::CreateTemporaryRequest escaping = Temporary(dir.path(), false);
  escaping.set_prefix("../");
  EXPECT_THAT(CreateTemporary(escaping), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_TRUE(absl::IsCancelled(CreateTemporary(Temporary(dir.path(), true), kGivenUp).status()));
  AsNobody([&] {
    EXPECT_THAT(CreateTemporary(Temporary(dir.path(), false)), FailsWith(v1::ACCESS_DENIED));
    EXPECT_THAT(CreateTemporary(Temporary(dir.path(), true)), FailsWith(v1::ACCESS_DENIED));
  });
}

}  // namespace
}  // namespace toolboxd::hgfsd
