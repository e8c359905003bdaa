// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/disk_info.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/guest_info/disk_info_decoder.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

Disks Two() {
  Disks disks;
  v1::Disk* root = disks.Add();
  root->set_mount_point("/");
  root->set_free_bytes(1000);
  root->set_total_bytes(18446744073709551615u);
  root->set_file_system("ext4");
  root->add_devices("scsi0:0");
  root->add_devices("scsi0:1");
  v1::Disk* data = disks.Add();
  data->set_mount_point("/srv/\"odd\\name");
  data->set_total_bytes(5);
  return disks;
}

bool Same(const Disks& a, const Disks& b) {
  if (a.size() != b.size()) return false;
  for (int i = 0; i < a.size(); ++i) {
    if (a.Get(i).SerializeAsString() != b.Get(i).SerializeAsString()) return false;
  }
  return true;
}

TEST(DiskInfoJson, HasTheFixedLayout) {
  EXPECT_EQ(EncodeDiskInfoJson(Two()),
            "{\n\"version\":\"1\",\n\"disks\":[\n"
            "{\"name\":\"Lw==\",\"free\":\"1000\",\"size\":\"18446744073709551615\","
            "\"fstype\":\"ext4\",\"devices\":[\"scsi0:0\",\"scsi0:1\"]},\n"
            "{\"name\":\"L3Nydi8ib2RkXG5hbWU=\",\"free\":\"0\",\"size\":\"5\"}\n"
            "]}");
}

TEST(DiskInfoJson, NoDisksIsAnEmptyList) {
  EXPECT_EQ(EncodeDiskInfoJson(Disks()), "{\n\"version\":\"1\",\n\"disks\":[\n]}");
}

TEST(DiskInfoJson, Decodes) {
  const auto decoded = DecodeDiskInfoJson(EncodeDiskInfoJson(Two()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(Same(*decoded, Two()));
}

TEST(DiskInfoJson, NamesCannotBreakTheSyntax) {
  Disks disks = Two();
  disks.Mutable(0)->set_file_system("ex\"t4\\\n");
  const auto decoded = DecodeDiskInfoJson(EncodeDiskInfoJson(disks));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->Get(0).file_system(), "ext4");
}

TEST(DiskInfoJson, MalformedFails) {
  for (const char* json :
       {"", "{", "[]", "{\"version\":\"2\",\"disks\":[]}", "{\"version\":\"1\"}",
        "{\"version\":\"1\",\"disks\":[7]}", "{\"version\":\"1\",\"disks\":[{\"name\":\"Lw==\"}]}",
        "{\"version\":\"1\",\"disks\":[{\"name\":\"?\",\"free\":\"1\",\"size\":\"1\"}]}",
        "{\"version\":\"1\",\"disks\":[{\"name\":\"\",\"free\":\"-1\",\"size\":\"1\"}]}"}) {
    EXPECT_FALSE(DecodeDiskInfoJson(json).ok()) << json;
  }
}

TEST(DiskInfoLegacy, IsAByteAndFixedEntries) {
  const std::string value = EncodeDiskInfoLegacy(Two());
  ASSERT_EQ(value.size(), 1u + 2 * 116);
  EXPECT_EQ(value.substr(0, 20), "\2\xe8\3\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff/\0\0"s);
}

TEST(DiskInfoLegacy, DecodesWithoutNamesOfFileSystemsAndDevices) {
  Disks expected = Two();
  expected.Mutable(0)->clear_file_system();
  expected.Mutable(0)->clear_devices();
  const auto decoded = DecodeDiskInfoLegacy(EncodeDiskInfoLegacy(Two()) + "\0\0\0"s);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(Same(*decoded, expected));
}

TEST(DiskInfoLegacy, TruncatedFails) {
  const std::string value = EncodeDiskInfoLegacy(Two());
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(DecodeDiskInfoLegacy(absl::string_view(value).substr(0, size)).ok()) << size;
  }
}

TEST(DiskInfoLegacy, KeepsToTheLimits) {
  Disks disks;
  for (int i = 0; i < 300; ++i) disks.Add()->set_mount_point(std::string(200, 'x'));
  const auto decoded = DecodeDiskInfoLegacy(EncodeDiskInfoLegacy(disks));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->size(), 255);
  EXPECT_EQ(decoded->Get(0).mount_point(), std::string(99, 'x'));
}

}  // namespace
}  // namespace toolboxd::guest_info
