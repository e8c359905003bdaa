// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_summary.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

TEST(GuestSummary, DecodesOsDetails) {
  wire::Writer writer;
  writer.U32(1).Bytes("debian12-64").Zeros(129 - 11).Bytes("Debian").Zeros(513 - 6).Zeros(2);
  writer.BytesAndNul("bitness='64'");
  EXPECT_EQ(OsDetailsText(writer.bytes()), "debian12-64: Debian; bitness='64'");
  EXPECT_EQ(OsDetailsText(writer.bytes().substr(0, 600)), "malformed");
  EXPECT_EQ(OsDetailsText(""), "malformed");
}

TEST(GuestSummary, DecodesMemory) {
  wire::Writer writer;
  writer.U32(5).U32(0).U64(4096).Zeros(112 - 16);
  writer.U32(0x04 | 0x80).U16(1).U8(4).U16(2).U16(77);
  EXPECT_EQ(MemoryText(writer.bytes()), "total 4096, 1 statistics");
  EXPECT_TRUE(absl::EndsWith(MemoryText(writer.bytes() + "x"), "malformed list"));
  EXPECT_EQ(MemoryText("short"), "malformed");
}

TEST(GuestSummary, DecodesDisks) {
  EXPECT_EQ(DiskJsonText("{\n\"version\":\"1\",\n\"disks\":[\n{\"name\":\"Lw==\",\"free\":"
                         "\"1073741824\",\"size\":\"2147483648\",\"fstype\":\"ext4\"},\n"
                         "{\"name\":\"L2Jvb3Q=\",\"free\":\"0\",\"size\":\"1073741824\"}]\n}"),
            "disk: / ext4 1.0 GiB free of 2.0 GiB\ndisk: /boot 0.0 GiB free of 1.0 GiB\n");
  EXPECT_EQ(DiskJsonText("nonsense"), "disk: malformed\n");
  EXPECT_EQ(DiskJsonText("[{\"name\":\"Lw==\"}]"), "disk: malformed\n");
  wire::Writer writer;
  writer.U8(1).U64(1 << 30).U64(2ull << 30).Bytes("/").Zeros(99).Zeros(3);
  EXPECT_EQ(DiskListText(writer.bytes()), "disk: / 1.0 GiB free of 2.0 GiB\n");
  EXPECT_EQ(DiskListText("\x05"), "disk: malformed\n");
}

}  // namespace
}  // namespace toolboxd::vmxsim
