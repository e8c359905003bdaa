// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/strings.h"

#include "gtest/gtest.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::vix {
namespace {

using std::string_literals::operator""s;

TEST(Escape, EncodesSixCharacters) { EXPECT_EQ(Escape("\"%&'<>"), "%22%25%26%27%3C%3E"); }

TEST(Escape, KeepsUtf8AndSpaces) { EXPECT_EQ(Escape("a b\n\xC3\xA4/"), "a b\n\xC3\xA4/"); }

TEST(Escape, EncodesBytesThatAreNotUtf8) {
  EXPECT_EQ(Escape("a\xFF\xC3"), "a%FF%C3");
  EXPECT_EQ(Escape("a\0b"s), "a%00b");
}

TEST(Unescape, KeepsOtherPercentSigns) {
  EXPECT_EQ(Unescape("100%"), "100%");
  EXPECT_EQ(Unescape("%zz%4"), "%zz%4");
  EXPECT_EQ(Unescape("%3c%3C"), "<<");
}

TEST(BodyReader, LengthMayExcludeTheNul) {
  BodyReader reader(absl::string_view("/tmp\0", 5));
  EXPECT_EQ(reader.String(4), "/tmp");
  EXPECT_EQ(reader.Finish(), Error::kOk);
}

TEST(BodyReader, LengthMayIncludeTheNul) {
  BodyReader reader(absl::string_view("/tmp\0", 5));
  EXPECT_EQ(reader.OptionalString(0), "");
  EXPECT_EQ(reader.OptionalString(5), "/tmp");
  EXPECT_EQ(reader.Finish(), Error::kOk);
}

TEST(BodyReader, MissingAndMisplacedNulsAreRefused) {
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

TEST(BodyReader, EmptyPathIsReportedAfterOtherFaults) {
  BodyReader empty(absl::string_view("\0", 1));
  empty.Path(0);
  EXPECT_EQ(empty.Finish(), Error::kInvalidArgument);
  BodyReader longer(absl::string_view("\0x", 2));
  longer.Path(0);
  EXPECT_EQ(longer.Finish(), Error::kInvalidMessageBody);
}

}  // namespace
}  // namespace toolboxd::vix
