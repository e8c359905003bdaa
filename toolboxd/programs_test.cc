// SPDX-License-Identifier: Apache-2.0

#include "toolboxd/programs.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

int One(int, char**) { return 1; }
int Two(int, char**) { return 2; }

const std::vector<LinkedProgram> kPrograms = {{"one", One, "the first"},
                                              {"two", Two, "the second"}};

Selection Select(std::vector<const char*> argv) {
  return SelectProgram(kPrograms, static_cast<int>(argv.size()), argv.data());
}

TEST(SelectProgram, LinkNamesTheProgram) {
  const Selection selection = Select({"/usr/lib/toolboxd/two", "one"});
  ASSERT_EQ(selection.program, &kPrograms[1]);
  EXPECT_EQ(selection.skip, 0);
}

TEST(SelectProgram, FirstArgumentNamesTheProgram) {
  const Selection selection = Select({"toolboxd", "one", "--flag"});
  ASSERT_EQ(selection.program, &kPrograms[0]);
  EXPECT_EQ(selection.skip, 1);
}

TEST(SelectProgram, PrefixOrPathOfANameSelectsNothing) {
  EXPECT_EQ(Select({"toolboxd", "on"}).program, nullptr);
  EXPECT_EQ(Select({"toolboxd", "/bin/one"}).program, nullptr);
  EXPECT_EQ(Select({"/one/toolboxd", "x"}).program, nullptr);
}

TEST(SelectProgram, ErrorQuotesTheWrongName) {
  EXPECT_EQ(Select({"toolboxd", "three"}).problem, "there is no program 'three' in this file");
  EXPECT_EQ(Select({"toolboxd", ""}).problem, "there is no program '' in this file");
}

TEST(SelectProgram, NoProgramIsAnError) {
  EXPECT_NE(Select({"toolboxd"}).problem, "");
  EXPECT_NE(Select({}).problem, "");
}

TEST(SelectProgram, HelpSucceeds) {
  const Selection selection = Select({"toolboxd", "--help"});
  EXPECT_EQ(selection.program, nullptr);
  EXPECT_EQ(selection.problem, "");
}

TEST(ListPrograms, NamesEachWithItsSummary) {
  const std::string text = ListPrograms(kPrograms);
  EXPECT_NE(text.find("one             the first\n"), std::string::npos);
  EXPECT_NE(text.find("two             the second\n"), std::string::npos);
}

}  // namespace
}  // namespace toolboxd
