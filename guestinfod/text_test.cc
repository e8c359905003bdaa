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

TEST(ReadFile, StopsAtItsLimit) {
  const std::string path = Write("file", "0123456789");
  EXPECT_EQ(*ReadFile(path, 100), "0123456789");
  EXPECT_EQ(*ReadFile(path, 4), "0123");
  EXPECT_EQ(ReadFile(path + "none", 4).status().code(), absl::StatusCode::kNotFound);
}

TEST(ReadFile, ReadsFilesOfProc) { EXPECT_GT(ReadFile("/proc/self/stat", 4096)->size(), 20u); }

TEST(ReadLines, DropsACutLine) {
  const std::string path = Write("lines", "one\ntwo\nthree");
  EXPECT_EQ(ReadLines(path, 100), "one\ntwo\nthree");
  EXPECT_EQ(ReadLines(path, 10), "one\ntwo\n");
  EXPECT_EQ(ReadLines(path, 2), "");
  EXPECT_EQ(ReadLines(path + "none", 2), "");
}

TEST(Fields, AreBetweenBlanksAndTabs) {
  EXPECT_EQ(Fields(" a\t b  c "), (std::vector<absl::string_view>{"a", "b", "c"}));
  EXPECT_TRUE(Fields("").empty());
}

TEST(Printable, KeepsUtf8) {
  EXPECT_EQ(Printable("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(Printable, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a?b");
  EXPECT_EQ(Printable("\xc3"), "?");
  EXPECT_EQ(Printable("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "????");  // above U+10FFFF
}

TEST(Printable, ReplacesControlCharacters) { EXPECT_EQ(Printable("a\nb\x7f"), "a?b?"); }

}  // namespace
}  // namespace toolboxd::guestinfod
