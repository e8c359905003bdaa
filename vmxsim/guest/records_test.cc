// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest/records.h"

#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

TEST(ParseRecords, SplitsRecordsAndUndoesEscapes) {
  const auto records = ParseRecords(
      "0 <rem>0</rem><fxi><Name>a%26b</Name><fs>5</fs></fxi><fxi><Name>c</Name><slt></slt></fxi>",
      "fxi");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].at("Name"), "a&b");
  EXPECT_EQ(NumberOf(records[0], "fs"), 5);
  EXPECT_EQ(records[1].at("slt"), "");
  EXPECT_EQ(NumberOf(records[1], "fs"), 0);
}

TEST(ParseRecords, UnclosedRecordIsSkipped) {
  EXPECT_TRUE(ParseRecords("<fxi><Name>a</Name>", "fxi").empty());
  EXPECT_EQ(ParseRecords("<fxi><Name>a</Name><fs>5</fxi>", "fxi")[0].size(), 1u);
}

TEST(FindValue, ReturnsTheFirstValue) {
  EXPECT_EQ(FindValue("<key>7</key><leftToSend>12</leftToSend>", "leftToSend"), "12");
  EXPECT_EQ(FindValue("<key>7</key>", "rem"), "");
}

}  // namespace
}  // namespace toolboxd::vmxsim
