// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/text.h"

#include <fstream>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(ReadLines, LineCutByTheLimitIsDropped) {
  const std::string path = Write("lines", "one\ntwo\nthree");
  EXPECT_EQ(ReadLines(path, 100), "one\ntwo\nthree");
  EXPECT_EQ(ReadLines(path, 10), "one\ntwo\n");
  EXPECT_EQ(ReadLines(path, 2), "");
  EXPECT_EQ(ReadLines(path + "none", 2), "");
}

TEST(Fields, AreSeparatedBySpacesAndTabs) {
  EXPECT_EQ(Fields(" a\t b  c "), (std::vector<absl::string_view>{"a", "b", "c"}));
  EXPECT_TRUE(Fields("").empty());
}

}  // namespace
}  // namespace toolboxd::guestinfod
