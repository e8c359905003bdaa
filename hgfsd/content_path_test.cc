// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/content_path.h"

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(Resource, FilesAreTakenLiterally) {
  TestDirectory dir;
  const std::string file = dir.File("a?format=tgz%41");
  EXPECT_EQ(ParseResource(file)->path, file);
  EXPECT_FALSE(ParseResource(file)->is_archive);
  EXPECT_EQ(ParseResource("/none?x=%zz")->path, "/none?x=%zz");
  EXPECT_FALSE(ParseResource("/none")->is_archive);
}

TEST(Resource, DirectoriesAreArchives) {
  TestDirectory dir;
  absl::StatusOr<Resource> plain = ParseResource(dir.path());
  ASSERT_THAT(plain, IsOk());
  EXPECT_TRUE(plain->is_archive);
  EXPECT_FALSE(plain->gzip);
  absl::StatusOr<Resource> query = ParseResource(dir.path() + "?format=tgz&prefix=a%2Fb+c");
  ASSERT_THAT(query, IsOk());
  EXPECT_TRUE(query->is_archive);
  EXPECT_TRUE(query->gzip);
  EXPECT_EQ(query->path, dir.path());
  EXPECT_EQ(query->prefix, "a/b c");
  EXPECT_EQ(ParseResource(dir.path() + "?skip=stuff")->path, dir.path());
}

TEST(Resource, SchemeIsAUrl) {
  absl::StatusOr<Resource> resource = ParseResource("/archive:/a%20b?format=tar");
  ASSERT_THAT(resource, IsOk());
  EXPECT_TRUE(resource->is_archive);
  EXPECT_EQ(resource->path, "/a b");
  EXPECT_EQ(ParseResource("/archive:/c+d")->path, "/c+d");
}

TEST(Resource, Errors) {
  for (const char* path :
       {"", "relative", "/archive:", "/archive:relative", "/archive:/a%", "/archive:/a%4",
        "/archive:/a%zz", "/archive:/a%00", "/archive:/a?format=zip", "/archive:/a?prefix=%00",
        "/archive:/a?%=1", "/?format=TAR"}) {
    EXPECT_THAT(ParseResource(path), FailsWith(v1::INVALID_ARGUMENT)) << path;
  }
}

}  // namespace
}  // namespace toolboxd::hgfsd
