// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/table.h"

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr Terminal kPipe;
constexpr Terminal kNarrow = {.width = 80, .colours = false};
constexpr Terminal kColours = {.width = 80, .colours = true};

TEST(Table, ColumnsAreAsWideAsTheirLongestText) {
  Table table("lr");
  table.AddRow({"name", "size", "where"});
  table.AddRow({"a", "1234567", "/"});
  table.AddRow({"longer", "1", "/home"});
  EXPECT_EQ(table.Text(kPipe),
            "name       size  where\n"
            "a       1234567  /\n"
            "longer        1  /home\n");
}

TEST(Table, LinesHaveNoBlanksAtTheirEnd) {
  Table table;
  table.AddRow({"a", "", ""});
  table.AddRow({"bb", "c", "d"});
  EXPECT_EQ(table.Text(kPipe), "a\nbb  c  d\n");
}

TEST(Table, FitsEightyColumnsOnATerminal) {
  Table table("llr");
  const std::string words =
      "a text of many words that is longer than what is left of the line, and "
      "so it is continued below itself in the same column";
  table.AddRow({std::string(50, 'x'), "second", "12345", words});
  table.AddRow({std::string(200, 'y'), "2", "1", std::string(300, 'z')});
  for (absl::string_view line : absl::StrSplit(table.Text(kNarrow), '\n')) {
    EXPECT_LE(Columns(line), 80u) << line;
  }
  EXPECT_NE(table.Text(kPipe).find(words), std::string::npos);
  EXPECT_NE(table.Text(kPipe).find(std::string(200, 'y')), std::string::npos);
}

TEST(Table, ContinuedLineStartsBelowItsColumn) {
  Table table;
  table.AddRow({"name", std::string(70, 'a') + " second"});
  EXPECT_EQ(table.Text(kNarrow), "name  " + std::string(70, 'a') + "\n      second\n");
}

TEST(Table, CharactersCountAndNotBytes) {
  Table table;
  table.AddRow({"äöü", "x"});
  table.AddRow({"abcd", "y"});
  EXPECT_EQ(table.Text(kPipe), "äöü   x\nabcd  y\n");
}

TEST(Table, TextOfOthersCannotControlTheTerminal) {
  Table table;
  table.AddRow({"a\x1b[2J", "b\nc\xff"});
  EXPECT_EQ(table.Text(kPipe), "a?[2J  b?c?\n");
}

TEST(Table, ColoursAreForTerminalsOnlyAndTakeNoColumns) {
  Table table;
  table.AddRow({Cell("bad", Colour::kBad), "x"});
  table.AddRow({"longer", Cell("good", Colour::kGood)});
  EXPECT_EQ(table.Text(kPipe), "bad     x\nlonger  good\n");
  EXPECT_EQ(table.Text(kColours),
            "\x1b[31m"
            "bad\x1b[0m     x\n"
            "longer  \x1b[32m"
            "good\x1b[0m\n");
}

}  // namespace
}  // namespace toolboxd
