// SPDX-License-Identifier: Apache-2.0

#include "deployd/yaml_value.h"

#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

std::string At(absl::string_view text, const std::vector<absl::string_view>& path) {
  return YamlValue(text, path).value_or("(none)");
}

TEST(YamlValue, KeyAtTheTop) {
  EXPECT_EQ(At("a: 1\nb: false\n", {"b"}), "false");
  EXPECT_EQ(At("b: false  # why\n", {"b"}), "false");
  EXPECT_EQ(At("\"b\": 'no'\r\n", {"b"}), "no");
  EXPECT_EQ(At("b:\n", {"b"}), "");
  EXPECT_EQ(At("b: a#b\n", {"b"}), "a#b");
}

TEST(YamlValue, KeysInOtherPlacesDoNotCount) {
  EXPECT_EQ(At("# b: false\n", {"b"}), "(none)");
  EXPECT_EQ(At("a:\n  b: false\n", {"b"}), "(none)");
  EXPECT_EQ(At("a: |\n  text\n  b: false\n", {"b"}), "(none)");
  EXPECT_EQ(At("- b: false\n", {"b"}), "(none)");
  EXPECT_EQ(At("- a\n  b: false\n", {"b"}), "(none)");
  EXPECT_EQ(At("bb: false\nxb: true\nb:false\n", {"b"}), "(none)");
  EXPECT_EQ(At("", {"b"}), "(none)");
}

TEST(YamlValue, LastOfEqualKeysCounts) { EXPECT_EQ(At("b: 1\nb: 2\n", {"b"}), "2"); }

TEST(YamlValue, KeysBelowKeys) {
  const char text[] =
      "datasource:\n  # comment\n  NoCloud:\n    x: 1\n  VMware:\n    other:\n      x: 9\n"
      "    x: 2\n  OVF: {x: 3}\nx: 4\n";
  EXPECT_EQ(At(text, {"datasource", "VMware", "x"}), "2");
  EXPECT_EQ(At(text, {"datasource", "NoCloud", "x"}), "1");
  EXPECT_EQ(At(text, {"datasource", "OVF", "x"}), "3");
  EXPECT_EQ(At(text, {"datasource", "x"}), "(none)");
  EXPECT_EQ(At(text, {"x"}), "4");
}

TEST(YamlValue, KeysInBracesAreFound) {
  EXPECT_EQ(At("datasource: {VMware: {a: [1, 2], allow_raw_data: false}}\n",
               {"datasource", "VMware", "allow_raw_data"}),
            "false");
  EXPECT_EQ(
      At("datasource: { OVF: {b: c}, VMware: { x: \"no\" } }\n", {"datasource", "VMware", "x"}),
      "no");
  EXPECT_EQ(At("datasource: {VMware: {y: {x: 1}}}\n", {"datasource", "VMware", "x"}), "(none)");
  EXPECT_EQ(At("datasource: }}}{{{\n", {"datasource", "VMware", "x"}), "(none)");
}

TEST(IsTrue, WordsOfCloudInit) {
  for (const char* word : {"true", "True", "TRUE", "yes", "on", "1"}) EXPECT_TRUE(IsTrue(word));
  for (const char* word : {"false", "no", "0", "", "y", "maybe"}) EXPECT_FALSE(IsTrue(word));
}

TEST(YamlWords, ListOnOneLine) {
  EXPECT_EQ(*YamlWords("[ NoCloud, OVF,'VMware' ]"),
            (std::vector<std::string>{"NoCloud", "OVF", "VMware"}));
  EXPECT_TRUE(YamlWords("[]")->empty());
  EXPECT_FALSE(YamlWords("").has_value());
  EXPECT_FALSE(YamlWords("[ NoCloud,").has_value());
}

}  // namespace
}  // namespace toolboxd::deployd
