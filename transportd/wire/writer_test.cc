// SPDX-License-Identifier: Apache-2.0

#include "transportd/wire/writer.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/wire/reader.h"

namespace toolboxd::wire {
namespace {

using std::string_literals::operator""s;

TEST(WireWriter, WritesLittleAndBigEndian) {
  Writer writer;
  writer.U8(1).U16(0x0203).U32(0x04050607).U32Be(0x08090a0b);
  EXPECT_EQ(writer.bytes(), "\x01\x03\x02\x07\x06\x05\x04\x08\x09\x0a\x0b");
}

TEST(WireWriter, ReaderReadsWhatWriterWrote) {
  Writer writer;
  writer.U64(0x1122334455667788).I32(-5).I64(-6).BytesAndNul("name").Zeros(2).Bytes("tail");
  const std::string bytes = writer.Take();
  Reader reader(bytes);
  EXPECT_EQ(reader.U64(), 0x1122334455667788u);
  EXPECT_EQ(reader.I32(), -5);
  EXPECT_EQ(reader.I64(), -6);
  EXPECT_EQ(reader.BytesAndNul(4), "name");
  EXPECT_EQ(reader.Bytes(2), "\0\0"s);
  EXPECT_EQ(reader.Rest(), "tail");
  EXPECT_TRUE(reader.AtEnd());
}

TEST(WireWriter, TakeLeavesItEmpty) {
  Writer writer;
  writer.Bytes("abc");
  EXPECT_EQ(writer.Take(), "abc");
  EXPECT_EQ(writer.Take(), "");
}

}  // namespace
}  // namespace toolboxd::wire
