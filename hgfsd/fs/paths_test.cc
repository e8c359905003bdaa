// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/paths.h"

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(Paths, MustBeAbsoluteAndWithoutNul) {
  EXPECT_THAT(CheckPath("/a b\n\xff"), IsOk());
  EXPECT_THAT(CheckPath(""), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(CheckPath("a"), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(CheckPath(absl::string_view("/a\0b", 4)), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(CheckPath("/" + std::string(4094, 'a')), IsOk());
  EXPECT_THAT(CheckPath("/" + std::string(4095, 'a')), FailsWith(v1::NAME_TOO_LONG));
}

TEST(Paths, SplitAtTheLastName) {
  EXPECT_EQ(SplitPath("/a/b").parent, "/a");
  EXPECT_EQ(SplitPath("/a/b").name, "b");
  EXPECT_EQ(SplitPath("/a//").parent, "/");
  EXPECT_EQ(SplitPath("/a//").name, "a");
  EXPECT_EQ(SplitPath("/").parent, "/");
  EXPECT_EQ(SplitPath("//").name, "");
}

TEST(Paths, JoinWithOneSlash) {
  EXPECT_EQ(JoinPath("/", "a"), "/a");
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
}

TEST(Paths, RandomNamesDiffer) {
  EXPECT_NE(RandomName("x"), RandomName("x"));
  EXPECT_EQ(RandomName("x").size(), 17u);
}

}  // namespace
}  // namespace toolboxd::hgfsd
