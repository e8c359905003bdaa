// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/name_pattern.h"

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

bool Match(absl::string_view pattern, absl::string_view name) {
  absl::StatusOr<NamePattern> compiled = NamePattern::Compile(pattern);
  EXPECT_THAT(compiled, IsOk());
  absl::StatusOr<bool> result = compiled->Matches(name);
  EXPECT_THAT(result, IsOk());
  return result.ok() && *result;
}

TEST(NamePattern, EmptyPatternMatchesEveryName) {
  EXPECT_TRUE(Match("", "a"));
  EXPECT_TRUE(Match("", "\xff"));
}

TEST(NamePattern, MatchesAnywhereUnlessAnchored) {
  EXPECT_TRUE(Match("os", "hosts"));
  EXPECT_FALSE(Match("^os", "hosts"));
  EXPECT_TRUE(Match("\\.conf$", "a.conf"));
}

TEST(NamePattern, SupportsLookahead) {
  EXPECT_TRUE(Match("^(?!\\.)", "visible"));
  EXPECT_FALSE(Match("^(?!\\.)", ".hidden"));
}

TEST(NamePattern, CountsCharactersNotBytes) {
  EXPECT_TRUE(Match("^.$", "\xc3\xa9"));
  EXPECT_TRUE(Match("^\\w$", "\xc3\xa9"));
}

TEST(NamePattern, NamesThatAreNotUtf8MatchByTheirValidParts) {
  EXPECT_TRUE(Match("abc",
                    "\xff"
                    "abc"));
  EXPECT_FALSE(Match("^.abc",
                     "\xff"
                     "abc"));
}

TEST(NamePattern, RefusesAnInvalidPatternWithTheByteOffset) {
  absl::StatusOr<NamePattern> result = NamePattern::Compile("a(");
  EXPECT_THAT(result, FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("byte 2"));
}

TEST(NamePattern, PatternHasAtMost4096Bytes) {
  EXPECT_TRUE(Match(std::string(4096, 'a'), std::string(5000, 'a')));
  EXPECT_THAT(NamePattern::Compile(std::string(4097, 'a')), FailsWith(v1::INVALID_ARGUMENT));
}

TEST(NamePattern, MatchThatNeedsMuchMemoryIsRefused) {
  absl::StatusOr<NamePattern> pattern = NamePattern::Compile("^(a|b)*$");
  ASSERT_THAT(pattern, IsOk());
  EXPECT_THAT(pattern->Matches(std::string(200, 'a')), IsOk());
  const absl::StatusOr<bool> result = pattern->Matches(std::string(20000, 'a'));
  EXPECT_THAT(result, FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("heap limit"));
}

TEST(NamePattern, ExponentialBacktrackingEnds) {
  absl::StatusOr<NamePattern> pattern = NamePattern::Compile("^(a+)+$");
  ASSERT_THAT(pattern, IsOk());
  EXPECT_THAT(pattern->Matches(std::string(200, 'a') + "b"), FailsWith(v1::INVALID_ARGUMENT));
}

}  // namespace
}  // namespace toolboxd::hgfsd
