// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/create_delete.h"

#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "base/testing/small_file_system.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

const CancelCheck kGivenUp = [] { return true; };

TEST(MakeDirectory, NewDirectoryIsPrivate) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir / "new", Parents::kMustExist, 0), IsOk());
  EXPECT_EQ(ModeOf(dir / "new"), 0700u);
  EXPECT_THAT(MakeDirectory(dir / "slash/", Parents::kMustExist, 0750), IsOk());
  EXPECT_EQ(ModeOf(dir / "slash"), 0750u);
}

TEST(MakeDirectory, MakesParentsOnRequest) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir / "a/b/c", Parents::kMustExist, 0), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(MakeDirectory(dir / "a/b/c", Parents::kMake, 0), IsOk());
  EXPECT_EQ(ModeOf(dir / "a/b"), 0700u);
}

TEST(MakeDirectory, RefusesAnExistingTarget) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir.path(), Parents::kMustExist, 0), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeDirectory(dir.path(), Parents::kMake, 0), FailsWith(v1::ALREADY_EXISTS));
  EXPECT_THAT(MakeDirectory(dir.Link("dangling", "none"), Parents::kMake, 0),
              FailsWith(v1::ALREADY_EXISTS));
}

TEST(MakeDirectory, ReportsWhyItFails) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir.File("f") + "/d", Parents::kMake, 0),
              FailsWith(v1::NOT_A_DIRECTORY));
  EXPECT_THAT(MakeDirectory(dir / std::string(256, 'x'), Parents::kMustExist, 0),
              FailsWith(v1::NAME_TOO_LONG));
  EXPECT_TRUE(absl::IsCancelled(MakeDirectory(dir / "d", Parents::kMustExist, 0, kGivenUp)));
  EXPECT_FALSE(Exists(dir / "d"));
  AsNobody([&] {
    EXPECT_THAT(MakeDirectory(dir / "d", Parents::kMake, 0), FailsWith(v1::ACCESS_DENIED));
  });
}

TEST(MakeDirectory, FailureLeavesNoParentsBehind) {
  TestDirectory dir;
  EXPECT_THAT(MakeDirectory(dir / "a/b/" + std::string(256, 'x'), Parents::kMake, 0),
              FailsWith(v1::NAME_TOO_LONG));
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(MakeDirectory, FullDiskLeavesNothing) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "nr_inodes=3");
  EXPECT_THAT(MakeDirectory(dir / "a/b/c", Parents::kMake, 0), FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir.path()).empty());
  EXPECT_THAT(MakeDirectory(dir / "a/b", Parents::kMake, 0), IsOk());
  EXPECT_THAT(MakeDirectory(dir / "c", Parents::kMustExist, 0), FailsWith(v1::NO_SPACE));
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

TEST(DeleteFile, ReportsWhyItFails) {
  TestDirectory dir;
  const std::string file = dir.File("file");
  EXPECT_THAT(DeleteFile(dir / "none"), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(DeleteFile(dir.path()), FailsWith(v1::NOT_A_FILE));
  EXPECT_TRUE(absl::IsCancelled(DeleteFile(file, kGivenUp)));
  AsNobody([&] { EXPECT_THAT(DeleteFile(file), FailsWith(v1::ACCESS_DENIED)); });
  EXPECT_TRUE(Exists(file));
}

TEST(DeleteDirectory, RemovesEmptyDirectoriesOnly) {
  TestDirectory dir;
  dir.Directory("d");
  const std::string file = dir.File("d/file");
  EXPECT_THAT(DeleteDirectory(dir / "d", nullptr), FailsWith(v1::DIRECTORY_NOT_EMPTY));
  EXPECT_THAT(DeleteFile(file), IsOk());
  EXPECT_THAT(DeleteDirectory(dir / "d/"), IsOk());
  EXPECT_FALSE(Exists(dir / "d"));
}

TEST(DeleteTree, RemovesADirectoryWithItsContent) {
  TestDirectory dir;
  DeferredDeleter deleter(absl::InfiniteDuration());
  dir.Directory("d");
  dir.File("d/file");
  EXPECT_THAT(DeleteTree(dir / "d/", deleter), IsOk());
  EXPECT_FALSE(Exists(dir / "d"));
}

// DeleteDirectory and DeleteTree alike.
TEST(DeleteDirectory, ReportsWhyItCannotDelete) {
  TestDirectory dir;
  DeferredDeleter deleter(absl::InfiniteDuration());
  const std::function<absl::Status(const std::string&, const CancelCheck&)> functions[] = {
      [](const std::string& path, const CancelCheck& cancelled) {
        return DeleteDirectory(path, cancelled);
      },
      [&](const std::string& path, const CancelCheck& cancelled) {
        return DeleteTree(path, deleter, cancelled);
      }};
  dir.Directory("d");
  dir.File("f");
  dir.Link("l", "d");
  for (const auto& remove : functions) {
    EXPECT_THAT(remove(dir / "none", nullptr), FailsWith(v1::NOT_FOUND));
    EXPECT_THAT(remove(dir / "f", nullptr), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_THAT(remove(dir / "l", nullptr), FailsWith(v1::NOT_A_DIRECTORY));
    EXPECT_TRUE(absl::IsCancelled(remove(dir / "d", kGivenUp)));
    AsNobody([&] { EXPECT_THAT(remove(dir / "d", nullptr), FailsWith(v1::ACCESS_DENIED)); });
  }
}

enum class Kind { kFile, kDirectory };

v1::CreateTemporaryRequest Temporary(const std::string& directory, Kind kind) {
  v1::CreateTemporaryRequest request;
  request.set_directory(directory);
  request.set_prefix("pre \n");
  request.set_suffix(".suf");
  request.set_make_directory(kind == Kind::kDirectory);
  return request;
}

TEST(CreateTemporary, MakesPrivateFilesAndDirectories) {
  TestDirectory dir;
  absl::StatusOr<std::string> file = CreateTemporary(Temporary(dir.path(), Kind::kFile));
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(*file, testing::StartsWith(dir / "pre \nvmware"));
  EXPECT_THAT(*file, testing::EndsWith(".suf"));
  EXPECT_EQ(ModeOf(*file), 0600u);
  absl::StatusOr<std::string> directory =
      CreateTemporary(Temporary(dir.path() + "/", Kind::kDirectory));
  ASSERT_THAT(directory, IsOk());
  EXPECT_EQ(ModeOf(*directory), 0700u);
  EXPECT_NE(*file, *CreateTemporary(Temporary(dir.path(), Kind::kFile)));
}

TEST(CreateTemporary, DefaultDirectoryIsTheUsersOwn) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 01777);
  setenv("TMPDIR", dir.path().c_str(), 1);
  AsNobody([&] {
    absl::StatusOr<std::string> path = CreateTemporary(Temporary("", Kind::kFile));
    ASSERT_THAT(path, IsOk());
    EXPECT_THAT(*path, testing::StartsWith(dir / "toolboxd-65534/pre"));
    EXPECT_EQ(ModeOf(dir / "toolboxd-65534"), 0700u);
  });
  // Another user's directory of that name is not trusted.
  ASSERT_EQ(chown((dir / "toolboxd-65534").c_str(), 1, 1), 0);
  AsNobody([&] {
    EXPECT_THAT(*CreateTemporary(Temporary("", Kind::kFile)),
                testing::StartsWith(dir / "toolboxd-65534-"));
  });
  unsetenv("TMPDIR");
}

TEST(CreateTemporary, FullDiskLeavesNothing) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "nr_inodes=2");
  setenv("TMPDIR", dir.path().c_str(), 1);
  for (Kind kind : {Kind::kFile, Kind::kDirectory}) {
    // One inode is free: for the user's own directory, but nothing in it.
    EXPECT_THAT(CreateTemporary(Temporary("", kind)), FailsWith(v1::NO_SPACE));
    EXPECT_TRUE(Names(dir.path()).empty());
  }
  dir.Directory("last");
  for (Kind kind : {Kind::kFile, Kind::kDirectory}) {
    EXPECT_THAT(CreateTemporary(Temporary("", kind)), FailsWith(v1::NO_SPACE));
    EXPECT_THAT(CreateTemporary(Temporary(dir.path(), kind)), FailsWith(v1::NO_SPACE));
  }
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("last"));
  unsetenv("TMPDIR");
}

TEST(CreateTemporary, ReportsWhyItFails) {
  TestDirectory dir;
  EXPECT_THAT(CreateTemporary(Temporary(dir / "none", Kind::kFile)), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(CreateTemporary(Temporary(dir.File("f"), Kind::kDirectory)),
              FailsWith(v1::NOT_A_DIRECTORY));
  v1::CreateTemporaryRequest escaping = Temporary(dir.path(), Kind::kFile);
  escaping.set_prefix("../");
  EXPECT_THAT(CreateTemporary(escaping), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_TRUE(absl::IsCancelled(
      CreateTemporary(Temporary(dir.path(), Kind::kDirectory), kGivenUp).status()));
  AsNobody([&] {
    EXPECT_THAT(CreateTemporary(Temporary(dir.path(), Kind::kFile)), FailsWith(v1::ACCESS_DENIED));
    EXPECT_THAT(CreateTemporary(Temporary(dir.path(), Kind::kDirectory)),
                FailsWith(v1::ACCESS_DENIED));
  });
}

}  // namespace
}  // namespace toolboxd::hgfsd
