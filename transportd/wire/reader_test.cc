// SPDX-License-Identifier: Apache-2.0

#include "transportd/wire/reader.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd::wire {
namespace {

using std::string_literals::operator""s;

TEST(WireReader, ReadsLittleEndianIntegers) {
  const std::string bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
  Reader reader(bytes);
  EXPECT_EQ(reader.U8(), 0x01);
  EXPECT_EQ(reader.U16(), 0x0302);
  EXPECT_EQ(reader.U32(), 0x07060504u);
  EXPECT_EQ(reader.U64(), 0x0f0e0d0c0b0a0908u);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(WireReader, ReadsBigEndianIntegers) {
  Reader reader("\x01\x02\x03\x04");
  EXPECT_EQ(reader.U32Be(), 0x01020304u);
}

TEST(WireReader, ReadsNegativeIntegers) {
  const std::string bytes(12, '\xff');
  Reader reader(bytes);
  EXPECT_EQ(reader.I32(), -1);
  EXPECT_EQ(reader.I64(), -1);
}

TEST(WireReader, ShortIntegerFailsAndYieldsZero) {
  Reader reader("\x01\x02\x03");
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(WireReader, AfterAFailureEverythingFails) {
  Reader reader("abcdef");
  EXPECT_EQ(reader.Bytes(7), "");
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_EQ(reader.Rest(), "");
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.AtEnd());
}

TEST(WireReader, HostileLengthFails) {
  Reader reader("abc");
  EXPECT_EQ(reader.Bytes(0xffffffffu), "");
  EXPECT_FALSE(reader.ok());
}

TEST(WireReader, BytesAndNulConsumesTheNul) {
  const std::string bytes = "abc\0d"s;
  Reader reader(bytes);
  EXPECT_EQ(reader.BytesAndNul(3), "abc");
  EXPECT_EQ(reader.Rest(), "d");
}

TEST(WireReader, BytesAndNulFailsWithoutTheNul) {
  Reader reader("abcd");
  EXPECT_EQ(reader.BytesAndNul(3), "");
  EXPECT_FALSE(reader.ok());
}

TEST(WireReader, UntilNulStopsAtTheFirst) {
  const std::string bytes = "ab\0cd\0"s;
  Reader reader(bytes);
  EXPECT_EQ(reader.UntilNul(), "ab");
  EXPECT_EQ(reader.UntilNul(), "cd");
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(reader.UntilNul(), "");
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace toolboxd::wire
