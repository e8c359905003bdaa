// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/disk_info.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

TEST(DiskInfoJsonDecoder, DecodesDisks) {
  const auto disks = DecodeDiskInfoJson(
      "{\n\"version\":\"1\",\n\"disks\":[\n{\"name\":\"Lw==\",\"free\":\"1073741824\","
      "\"size\":\"18446744073709551615\",\"fstype\":\"ext4\",\"devices\":[\"scsi0:0\",\"sata0:1\"]}"
      ","
      "\n{\"name\":\"L2Jvb3Q=\",\"free\":\"0\",\"size\":\"1073741824\",\"uuid\":\"7\"}\n]}");
  ASSERT_TRUE(disks.ok()) << disks.status();
  ASSERT_EQ(disks->size(), 2u);
  EXPECT_EQ(disks->front().mount_point, "/");
  EXPECT_EQ(disks->front().total_bytes, 18446744073709551615u);
  EXPECT_EQ(disks->front().devices, (std::vector<std::string>{"scsi0:0", "sata0:1"}));
  EXPECT_EQ(DiskInfoText({disks->back()}), "disk: /boot 0.0 GiB free of 1.0 GiB\n");
}

TEST(DiskInfoJsonDecoder, MalformedTextIsRefused) {
  for (const char* json :
       {"", "{", "[]", "{\"version\":\"2\",\"disks\":[]}", "{\"version\":\"1\"}",
        "{\"version\":\"1\",\"disks\":[7]}", "{\"version\":\"1\",\"disks\":[{\"name\":\"Lw==\"}]}",
        "{\"version\":\"1\",\"disks\":[{\"name\":\"?\",\"free\":\"1\",\"size\":\"1\"}]}",
        "{\"version\":\"1\",\"disks\":[{\"name\":\"\",\"free\":\"-1\",\"size\":\"1\"}]}"}) {
    EXPECT_FALSE(DecodeDiskInfoJson(json).ok()) << json;
  }
}

TEST(DiskInfoLegacyDecoder, DecodesDisksAndIgnoresWhatFollows) {
  wire::Writer writer;
  writer.U8(2).U64(1 << 30).U64(2ull << 30).Bytes("/").Zeros(99);
  writer.U64(0).U64(1 << 30).Bytes(std::string(100, 'x')).Zeros(2);
  const auto disks = DecodeDiskInfoLegacy(writer.bytes());
  ASSERT_TRUE(disks.ok()) << disks.status();
  EXPECT_EQ(DiskInfoText(*disks), "disk: / 1.0 GiB free of 2.0 GiB\ndisk: " +
                                      std::string(100, 'x') + " 0.0 GiB free of 1.0 GiB\n");
}

TEST(DiskInfoLegacyDecoder, EveryTruncationIsRefused) {
  wire::Writer writer;
  writer.U8(1).U64(1).U64(2).Bytes("/").Zeros(99);
  for (size_t size = 0; size < writer.bytes().size(); ++size) {
    EXPECT_FALSE(DecodeDiskInfoLegacy(absl::string_view(writer.bytes()).substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace toolboxd::vmxsim
