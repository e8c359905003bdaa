// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/os_info.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

std::string Bytes(absl::string_view items) {
  wire::Writer writer;
  writer.U32(1).Bytes("debian12-64").Zeros(129 - 11).Bytes("Debian").Zeros(513 - 6).Zeros(2);
  return writer.BytesAndNul(items).Take();
}

TEST(OsInfoDecoder, DecodesNamesAndDetails) {
  const auto info = DecodeOsInfo(Bytes("bitness='64' prettyName='Bob\\'s \\\\ Linux'"));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->short_name, "debian12-64");
  EXPECT_EQ(info->full_name, "Debian");
  EXPECT_EQ(info->Detail("bitness"), "64");
  EXPECT_EQ(info->Detail("prettyName"), "Bob's \\ Linux");
  EXPECT_EQ(info->Detail("buildNumber"), "");
  EXPECT_EQ(OsInfoText(*info),
            "os: debian12-64: Debian; bitness='64' prettyName='Bob's \\ Linux'\n");
}

TEST(OsInfoDecoder, DetailsMayBeAbsent) {
  const auto info = DecodeOsInfo(Bytes(""));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(OsInfoText(*info), "os: debian12-64: Debian\n");
}

TEST(OsInfoDecoder, EveryTruncationIsMalformed) {
  const std::string bytes = Bytes("bitness='64'");
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeOsInfo(absl::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST(OsInfoDecoder, MalformedItemsAndOtherVersionsAreRefused) {
  for (const char* items : {"x", "x='", "x='y", "x='y\\"}) {
    EXPECT_FALSE(DecodeOsInfo(Bytes(items)).ok()) << items;
  }
  std::string bytes = Bytes("");
  bytes[0] = 2;
  EXPECT_FALSE(DecodeOsInfo(bytes).ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
