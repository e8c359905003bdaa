// SPDX-License-Identifier: Apache-2.0

#include "base/utf8.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

constexpr const char* kMalformed[] = {
    "\x80",              // a continuation byte alone
    "\xc3",              // cut
    "a\xe2\x82",         // cut
    "\xc3(",             // no continuation byte
    "\xc0\x80",          // overlong
    "\xe0\x80\x80",      // overlong
    "\xf0\x80\x80\x80",  // overlong
    "\xed\xa0\x80",      // a surrogate
    "\xf4\x90\x80\x80",  // above U+10FFFF
    "\xf5\x80\x80\x80",  // no first byte
    "\xff",
};

TEST(Utf8, LengthIsThatOfTheFirstSequence) {
  EXPECT_EQ(Utf8SequenceLength(""), 0u);
  EXPECT_EQ(Utf8SequenceLength("\0x"s), 1u);
  EXPECT_EQ(Utf8SequenceLength("abc"), 1u);
  EXPECT_EQ(Utf8SequenceLength("\xc2\x80x"), 2u);
  EXPECT_EQ(Utf8SequenceLength("\xe2\x82\xacx"), 3u);
  EXPECT_EQ(Utf8SequenceLength("\xf4\x8f\xbf\xbfx"), 4u);
}

TEST(Utf8, WellFormedTextIsAccepted) {
  for (const char* text : {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\n\x7f",
                           "\xed\x9f\xbf", "\xee\x80\x80"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, MalformedTextIsRefused) {
  for (const char* text : kMalformed) EXPECT_FALSE(IsUtf8(text)) << testing::PrintToString(text);
}

TEST(Utf8, PrintableKeepsWellFormedText) {
  const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  EXPECT_EQ(PrintableUtf8(text), text);
}

TEST(Utf8, PrintableReplacesEachMalformedByte) {
  EXPECT_EQ(PrintableUtf8("a\xff"
                          "b"),
            "a?b");
  EXPECT_EQ(PrintableUtf8("\xc0\xaf"), "??");
  EXPECT_EQ(PrintableUtf8("\xed\xa0\x80"), "???");
  EXPECT_EQ(PrintableUtf8("\xf4\x90\x80\x80"), "????");
  for (const char* text : kMalformed) EXPECT_TRUE(IsUtf8(PrintableUtf8(text)));
}

TEST(Utf8, PrintableReplacesControlCharacters) { EXPECT_EQ(PrintableUtf8("a\nb\x7f"), "a?b?"); }

// What a terminal obeys, what makes a line look like another one, and what journalctl hides a
// message for. Each has beside it the nearest characters that are printable.
TEST(Utf8, PrintableReplacesWhatActsOnTheTextAroundIt) {
  for (const char* text :
       {"\u0080", "\u009b", "\u009f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069",
        "\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"}) {
    EXPECT_EQ(PrintableLength(text), 0u) << testing::PrintToString(text);
    EXPECT_EQ(PrintableUtf8(text), std::string(std::string(text).size(), '?'));
  }
  for (const char* text : {"\u00a0", "\u2027", "\u202f", "\u2065", "\u206a", "\ufdcf", "\ufdf0",
                           "\ufffd", "\U00010000", "\U0010fffd"}) {
    EXPECT_EQ(PrintableUtf8(text), text);
  }
}

TEST(Utf8, PrintableLinesKeepNewlinesAndTabs) {
  EXPECT_EQ(PrintableLines("a\tb\r\n\x1b[2J\u009b"), "a\tb?\n?[2J??");
}

TEST(Utf8, TextIsCutAtACharacter) {
  const std::string text = "a\u00e4\u20ac\U0001f600z";
  const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (size_t limit = 0; limit < std::size(ends); ++limit) {
    EXPECT_EQ(CutUtf8(text, limit), text.substr(0, ends[limit])) << limit;
  }
  // What is not a character is cut anywhere.
  EXPECT_EQ(CutUtf8(std::string(10, '\x80'), 5).size(), 2u);
}

}  // namespace
}  // namespace toolboxd
