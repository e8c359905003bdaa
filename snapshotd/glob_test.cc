// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/glob.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

bool Matches(absl::string_view pattern, absl::string_view text) {
  const absl::StatusOr<Glob> glob = Glob::Parse(pattern);
  EXPECT_TRUE(glob.ok()) << pattern << ": " << glob.status();
  return glob.ok() && glob->Matches(text);
}

std::string ErrorOf(absl::string_view pattern) {
  return std::string(Glob::Parse(pattern).status().message());
}

TEST(Glob, TextWithoutSpecialCharactersMatchesItself) {
  EXPECT_TRUE(Matches("/srv/data", "/srv/data"));
  EXPECT_FALSE(Matches("/srv/data", "/srv/data2"));
  EXPECT_FALSE(Matches("/srv/data", "/srv/dat"));
  EXPECT_FALSE(Matches("/srv/data", ""));
  EXPECT_TRUE(Matches("", ""));
}

TEST(Glob, StarStaysWithinOneName) {
  EXPECT_TRUE(Matches("/srv/*", "/srv/data"));
  EXPECT_TRUE(Matches("/srv/*", "/srv/"));
  EXPECT_FALSE(Matches("/srv/*", "/srv"));
  EXPECT_FALSE(Matches("/srv/*", "/srv/data/deep"));
  EXPECT_TRUE(Matches("/*/log", "/var/log"));
  EXPECT_FALSE(Matches("/*/log", "/var/a/log"));
  EXPECT_TRUE(Matches("/a*b*c", "/abbcbc"));
}

TEST(Glob, TwoStarsCrossNames) {
  EXPECT_TRUE(Matches("/srv/**", "/srv/data/deep"));
  EXPECT_FALSE(Matches("/srv/**", "/srv"));
  EXPECT_TRUE(Matches("**", ""));
  EXPECT_TRUE(Matches("**", "/any/thing"));
  EXPECT_TRUE(Matches("/**/log", "/var/a/b/log"));
  EXPECT_FALSE(Matches("/**/log", "/var/a/b/logs"));
  EXPECT_TRUE(Matches("/***", "/a/b"));
  // The second star of a name has to be tried again after the names were crossed.
  EXPECT_TRUE(Matches("/**/a*z", "/a/b/az/c/a-z"));
  EXPECT_FALSE(Matches("/**/a*z", "/a/z"));
}

TEST(Glob, QuestionMarkIsOneCharacter) {
  EXPECT_TRUE(Matches("/disk?", "/disk1"));
  EXPECT_FALSE(Matches("/disk?", "/disk"));
  EXPECT_FALSE(Matches("/disk?", "/disk12"));
  EXPECT_FALSE(Matches("/a?b", "/a/b"));
  EXPECT_TRUE(Matches("/disk?", "/disk\xc3\xa4"));
  // A byte that is not UTF-8.
  EXPECT_TRUE(Matches("/disk?", "/disk\xff"));
  EXPECT_FALSE(Matches("/disk?", "/disk\xc3\xc3"));
}

TEST(Glob, SetIsOneOfItsCharacters) {
  EXPECT_TRUE(Matches("/disk[1-3x]", "/disk2"));
  EXPECT_TRUE(Matches("/disk[1-3x]", "/diskx"));
  EXPECT_FALSE(Matches("/disk[1-3x]", "/disk4"));
  EXPECT_TRUE(Matches("/disk[!1-3]", "/disk4"));
  EXPECT_TRUE(Matches("/disk[^1-3]", "/disk4"));
  EXPECT_FALSE(Matches("/disk[!1-3]", "/disk2"));
  EXPECT_FALSE(Matches("/a[!b]c", "/a/c"));
  EXPECT_FALSE(Matches("/a[.-0]c", "/a/c"));
  EXPECT_TRUE(Matches("[]a]", "]"));
  EXPECT_TRUE(Matches("[a-]", "-"));
  EXPECT_TRUE(Matches("[\\]]", "]"));
  EXPECT_TRUE(Matches("[\xc3\xa4-\xc3\xb6]", "\xc3\xa5"));
}

TEST(Glob, BackslashTakesTheNextCharacterLiterally) {
  EXPECT_TRUE(Matches("/a\\*", "/a*"));
  EXPECT_FALSE(Matches("/a\\*", "/ab"));
  EXPECT_TRUE(Matches("/a\\\\b", "/a\\b"));
  EXPECT_TRUE(Matches("\\/a", "/a"));
}

TEST(Glob, BrokenPatternsAreRefused) {
  EXPECT_EQ(ErrorOf("/a["), "a \"[\" has no \"]\"");
  EXPECT_EQ(ErrorOf("/a[]"), "a \"[\" has no \"]\"");
  EXPECT_EQ(ErrorOf("/a[!"), "a \"[\" has no \"]\"");
  EXPECT_EQ(ErrorOf("/a[b-"), "a \"[\" has no \"]\"");
  EXPECT_EQ(ErrorOf("/a[b\\"), "a \"[\" has no \"]\"");
  EXPECT_EQ(ErrorOf("/a[c-b]"), "a range in \"[...]\" is empty");
  EXPECT_EQ(ErrorOf("/a\\"), "a backslash at the end stands for nothing");
  EXPECT_EQ(ErrorOf(std::string(kMaxPattern + 1, 'a')), "longer than 4095 bytes");
  EXPECT_EQ(ErrorOf(std::string(kMaxPattern, 'a')), "");
}

TEST(Glob, ManyStarsTakeNoLongerThanTheirProduct) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += i % 2 == 0 ? "*a" : "**a";
  EXPECT_FALSE(Matches(pattern, std::string(4000, 'a') + "b"));
  EXPECT_TRUE(Matches(pattern, std::string(4000, 'a')));
}

}  // namespace
}  // namespace toolboxd::snapshotd
