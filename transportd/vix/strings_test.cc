// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/strings.h"

#include "gtest/gtest.h"

namespace toolboxd::vix {
namespace {

using std::string_literals::operator""s;

TEST(IsUtf8, AcceptsWellFormedText) {
  for (const char* text : {"", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\n\x7F"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(IsUtf8, RefusesMalformedText) {
  for (const char* text : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                           "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xFF", "a\xE2\x82"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(Escape, SixCharacters) { EXPECT_EQ(Escape("\"%&'<>"), "%22%25%26%27%3C%3E"); }

TEST(Escape, KeepsUtf8AndSpaces) { EXPECT_EQ(Escape("a b\n\xC3\xA4/"), "a b\n\xC3\xA4/"); }

TEST(Escape, BytesThatAreNotUtf8) {
  EXPECT_EQ(Escape("a\xFF\xC3"), "a%FF%C3");
  EXPECT_EQ(Escape("a\0b"s), "a%00b");
}

TEST(Unescape, LeavesOtherPercentSigns) {
  EXPECT_EQ(Unescape("100%"), "100%");
  EXPECT_EQ(Unescape("%zz%4"), "%zz%4");
  EXPECT_EQ(Unescape("%3c%3C"), "<<");
}

TEST(BodyReader, LengthThatExcludesTheNul) {
  BodyReader reader(absl::string_view("/tmp\0", 5));
  EXPECT_EQ(reader.String(4), "/tmp");
  EXPECT_EQ(reader.Finish(), Error::kOk);
}

TEST(BodyReader, LengthThatIncludesTheNul) {
  BodyReader reader(absl::string_view("/tmp\0", 5));
  EXPECT_EQ(reader.OptionalString(0), "");
  EXPECT_EQ(reader.OptionalString(5), "/tmp");
  EXPECT_EQ(reader.Finish(), Error::kOk);
}

TEST(BodyReader, MissingAndMisplacedNul) {
  for (const std::string& body : {"/tmpx"s, "/t\0p\0"s}) {
    BodyReader reader(body);
    reader.String(4);
    EXPECT_EQ(reader.Finish(), Error::kInvalidMessageBody);
  }
}

TEST(BodyReader, HugeLengthDoesNotWrap) {
  BodyReader reader(absl::string_view("/tmp\0", 5));
  EXPECT_EQ(reader.String(0xFFFFFFFF), "");
  EXPECT_EQ(reader.Finish(), Error::kInvalidMessageBody);
}

TEST(BodyReader, FirstFaultWins) {
  BodyReader reader(absl::string_view("\xFF\0x", 3));
  reader.String(1);
  reader.String(0);
  EXPECT_EQ(reader.Finish(), Error::kInvalidUtf8);
}

TEST(BodyReader, EmptyPathIsToldAfterOtherFaults) {
  BodyReader empty(absl::string_view("\0", 1));
  empty.Path(0);
  EXPECT_EQ(empty.Finish(), Error::kInvalidArgument);
  BodyReader longer(absl::string_view("\0x", 2));
  longer.Path(0);
  EXPECT_EQ(longer.Finish(), Error::kInvalidMessageBody);
}

}  // namespace
}  // namespace toolboxd::vix
