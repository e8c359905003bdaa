// SPDX-License-Identifier: Apache-2.0

#include "tests/fuzz/script.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::fuzz {
namespace {

const Grammar& TestGrammar() {
  static const Grammar grammar = {{"open", {Number({7, 8}), Text({"/a", "/b"})}}, {"close", {}}};
  return grammar;
}

Script Parse(absl::string_view text) { return ParseScript(TestGrammar(), text); }

TEST(Script, IsReadFromText) {
  EXPECT_EQ(Parse("open 3 \"a b\\\"\\000\" !1f:80 !2:0\nclose\n"),
            (Script{{0, {{3, ""}, {0, std::string("a b\"\0", 5)}}, {{0x1f, 0x80}, {2, 0}}},
                    {1, {}, {}}}));
}

TEST(Script, MissingValuesAreTheFirstOfTheirField) {
  EXPECT_EQ(Parse("open !0:1"), (Script{{0, {{7, ""}, {0, "/a"}}, {{0, 1}}}}));
  EXPECT_EQ(Parse("open x"), (Script{{0, {{7, ""}, {0, "/a"}}, {}}}));
}

TEST(Script, UnknownLinesAreSkipped) {
  EXPECT_EQ(Parse("\nopened 1\n close \n\"open\n!1:1"), (Script{{1, {}, {}}}));
}

TEST(Script, DamageIsWithinTheMessage) {
  std::string message = "abcd";
  Apply({1, {}, {{5, 0x20}, {3, 0}}}, message);
  EXPECT_EQ(message, "aBc");
  Apply({1, {}, {{0, 0}, {9, 1}}}, message);
  EXPECT_EQ(message, "");
}

TEST(Script, EveryMutationIsReadAgainAsItWasWritten) {
  Random random(1);
  Script script;
  for (int i = 0; i < 20000; ++i) {
    Mutate(TestGrammar(), script, random);
    ASSERT_EQ(Parse(FormatScript(TestGrammar(), script)), script) << i;
    ASSERT_LE(script.size(), kMaxSteps);
  }
}

TEST(Script, MutationReachesEveryKindOfChange) {
  Random random(1);
  std::set<uint64_t> numbers;
  std::set<std::string> texts;
  bool damaged = false;
  Script script;
  for (int i = 0; i < 2000; ++i) {
    Mutate(TestGrammar(), script, random);
    for (const Step& step : script) {
      damaged |= !step.damage.empty();
      if (step.type != 0) continue;
      numbers.insert(step.number(0));
      texts.insert(step.text(1));
    }
  }
  EXPECT_TRUE(damaged);
  EXPECT_THAT(numbers, testing::IsSupersetOf({7u, 8u, 9u, 6u}));
  EXPECT_THAT(texts, testing::IsSupersetOf({"/a", "/b", "/a/b"}));
}

TEST(Script, CrossingTakesFromBoth) {
  const Script first = Parse("open 1\nopen 2\nopen 3"), second = Parse("close\nclose\nclose");
  std::set<size_t> sizes;
  for (unsigned seed = 0; seed < 100; ++seed) {
    Random random(seed);
    sizes.insert(Cross(first, second, random).size());
  }
  EXPECT_THAT(sizes, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

}  // namespace
}  // namespace toolboxd::fuzz
