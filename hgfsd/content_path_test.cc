// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/content_path.h"

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(ContentPath, FilePathsAreLiteral) {
  TestDirectory dir;
  const std::string file = dir.File("a?format=tgz%41");
  EXPECT_EQ(ParseContentPath(file)->path, file);
  EXPECT_FALSE(ParseContentPath(file)->is_archive);
  EXPECT_EQ(ParseContentPath("/none?x=%zz")->path, "/none?x=%zz");
  EXPECT_FALSE(ParseContentPath("/none")->is_archive);
}

TEST(ContentPath, DirectoriesAreArchives) {
  TestDirectory dir;
  absl::StatusOr<ContentPath> plain = ParseContentPath(dir.path());
  ASSERT_THAT(plain, IsOk());
  EXPECT_TRUE(plain->is_archive);
  EXPECT_FALSE(plain->gzip);
  absl::StatusOr<ContentPath> query = ParseContentPath(dir.path() + "?format=tgz&prefix=a%2Fb+c");
  ASSERT_THAT(query, IsOk());
  EXPECT_TRUE(query->is_archive);
  EXPECT_TRUE(query->gzip);
  EXPECT_EQ(query->path, dir.path());
  EXPECT_EQ(query->prefix, "a/b c");
  EXPECT_EQ(ParseContentPath(dir.path() + "?skip=stuff")->path, dir.path());
}

TEST(ContentPath, ArchiveSchemeIsAUrl) {
  absl::StatusOr<ContentPath> content = ParseContentPath("/archive:/a%20b?format=tar");
  ASSERT_THAT(content, IsOk());
  EXPECT_TRUE(content->is_archive);
  EXPECT_EQ(content->path, "/a b");
  EXPECT_EQ(ParseContentPath("/archive:/c+d")->path, "/c+d");
}

TEST(ContentPath, RefusesWhatCannotBeParsed) {
  for (const char* path :
       {"", "relative", "/archive:", "/archive:relative", "/archive:/a%", "/archive:/a%4",
        "/archive:/a%zz", "/archive:/a%00", "/archive:/a?format=zip", "/archive:/a?prefix=%00",
        "/archive:/a?%=1", "/?format=TAR"}) {
    EXPECT_THAT(ParseContentPath(path), FailsWith(v1::INVALID_ARGUMENT)) << path;
  }
}

}  // namespace
}  // namespace toolboxd::hgfsd
