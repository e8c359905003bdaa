// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/xdr.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

TEST(Xdr, StringIsPaddedToFourBytes) {
  for (const auto& [text, wire] : {
           std::pair{""s, "\0\0\0\0"s},
           {"abc"s, "\0\0\0\3abc\0"s},
           {"abcd"s, "\0\0\0\4abcd"s},
           {"abcde"s, "\0\0\0\5abcde\0\0\0"s},
       }) {
    wire::Writer writer;
    WriteXdrString(text, writer);
    EXPECT_EQ(writer.bytes(), wire);
  }
}

TEST(Xdr, BoolTakesOneUnit) {
  wire::Writer writer;
  WriteXdrBool(true, writer);
  WriteXdrBool(false, writer);
  EXPECT_EQ(writer.bytes(), "\0\0\0\1\0\0\0\0"s);
}

TEST(Xdr, CharArrayTakesOneUnitForEachCharacter) {
  wire::Writer writer;
  WriteXdrCharArray("a\xff", 3, writer);
  EXPECT_EQ(writer.bytes(), "\0\0\0a\xff\xff\xff\xff\0\0\0\0"s);
}

}  // namespace
}  // namespace toolboxd::guest_info
