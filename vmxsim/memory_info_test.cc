// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/memory_info.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

using ::std::string_literals::operator""s;

// The early block: 4,096 KiB, 7 huge pages.
wire::Writer Block() {
  wire::Writer writer;
  writer.U32(5).U32(0x401).U64(4096).Zeros(72).U64(7).Zeros(16);
  return writer;
}

TEST(MemoryInfoDecoder, DecodesTheEarlyBlock) {
  const auto info = DecodeMemoryInfo(Block().Take());
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->version, 5u);
  EXPECT_EQ(info->total_kibibytes, 4096u);
  EXPECT_EQ(info->huge_pages_total, 7u);
  EXPECT_EQ(MemoryInfoText(*info), "memory: total 4096 KiB, 0 statistics\n");
}

TEST(MemoryInfoDecoder, FieldsThatAreNotValidAreZero) {
  wire::Writer writer;
  writer.U32(5).U32(0).U64(4096).Zeros(96);
  const auto info = DecodeMemoryInfo(writer.Take());
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->total_kibibytes, 0u);
}

TEST(MemoryInfoDecoder, DecodesStatistics) {
  wire::Writer writer = Block();
  // Namespace, identifier 4, u64, KiB, 300.
  writer.Bytes("\xae\0\0\0\x0a\0_tools/v1\0\1\0\4\1\0\x09\2\0\3\x08\2\0\x2c\1"s);
  // A double of four bytes: 1.5. Then one without a value.
  writer.Bytes("\xac\0\0\0\1\0\7\1\0\x0b\2\0\x43\x80\4\0\0\0\xc0\x3f"s);
  writer.Bytes("\x2c\0\0\0\1\0\x08\1\0\x0b\2\0\x43\x80"s);
  const auto info = DecodeMemoryInfo(writer.bytes());
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->statistics.size(), 3u);
  for (const Statistic& statistic : info->statistics) EXPECT_EQ(statistic.name_space, "_tools/v1");
  EXPECT_EQ(info->statistics[0].id, 4u);
  EXPECT_EQ(info->statistics[0].unit, 0x803u);
  EXPECT_EQ(info->statistics[0].value, 300);
  EXPECT_EQ(info->statistics[1].value, 1.5);
  EXPECT_EQ(info->statistics[2].value, std::nullopt);
}

TEST(MemoryInfoDecoder, EveryTruncationButTheEarlyBlockAloneIsRefused) {
  wire::Writer writer = Block();
  writer.Bytes("\xae\0\0\0\x0a\0_tools/v1\0\1\0\4\1\0\x09\2\0\3\x08\2\0\x2c\1"s);
  for (size_t size = 0; size < writer.bytes().size(); ++size) {
    const auto cut = DecodeMemoryInfo(absl::string_view(writer.bytes()).substr(0, size));
    EXPECT_EQ(cut.ok(), size == 112) << size;
  }
}

TEST(MemoryInfoDecoder, UndefinedFlagsAndSizesAreRefused) {
  EXPECT_FALSE(DecodeMemoryInfo(Block().Take() + "\0\1\0\0"s).ok());
  EXPECT_FALSE(DecodeMemoryInfo(Block().Take() + "\4\0\0\0\3\0abc"s).ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
