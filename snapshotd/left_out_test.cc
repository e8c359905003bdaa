// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/left_out.h"

#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

TEST(LeftOut, ListsAreBounded) {
  EXPECT_EQ(ListText({}), "");
  EXPECT_EQ(ListText({"/a", "/b"}), "/a, /b");
  const std::string text = ListText(std::vector<std::string>(1000, std::string(4000, 'x')));
  EXPECT_LT(text.size(), 2000u);
  EXPECT_EQ(text.substr(text.size() - 13), " and 992 more");
}

TEST(LeftOut, MalformedLinesAreCountedAndTheFirstIsShown) {
  MountTable table;
  EXPECT_EQ(MalformedText(table), "");
  table.malformed = 3;
  table.first_malformed = "what";
  EXPECT_EQ(MalformedText(table), "3 lines of the mount table cannot be read, the first: \"what\"");
}

TEST(LeftOut, OnlyWhatCouldBeFrozenIsNamed) {
  Plan plan;
  plan.skipped = {{"/scratch", "xfs", "excluded by \"/scratch\""}, {"/net", "nfs4", "not local"}};
  EXPECT_EQ(SkippedText(plan), "/scratch (excluded by \"/scratch\")");
}

}  // namespace
}  // namespace toolboxd::snapshotd
