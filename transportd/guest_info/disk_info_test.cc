// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/disk_info.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "vmxsim/disk_info.h"

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

TEST(DiskInfoJson, HostReadsWhatWasEncoded) {
  const auto decoded = vmxsim::DecodeDiskInfoJson(EncodeDiskInfoJson(Two()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_EQ(decoded->size(), 2u);
  EXPECT_EQ(decoded->front().mount_point, "/");
  EXPECT_EQ(decoded->front().free_bytes, 1000u);
  EXPECT_EQ(decoded->front().total_bytes, 18446744073709551615u);
  EXPECT_EQ(decoded->front().file_system, "ext4");
  EXPECT_EQ(decoded->front().devices, (std::vector<std::string>{"scsi0:0", "scsi0:1"}));
  EXPECT_EQ(decoded->back().mount_point, "/srv/\"odd\\name");
}

TEST(DiskInfoJson, NamesCannotBreakTheSyntax) {
  Disks disks = Two();
  disks.Mutable(0)->set_file_system("ex\"t4\\\n");
  const auto decoded = vmxsim::DecodeDiskInfoJson(EncodeDiskInfoJson(disks));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->front().file_system, "ext4");
}

TEST(DiskInfoLegacy, IsACountAndFixedEntries) {
  const std::string value = EncodeDiskInfoLegacy(Two());
  ASSERT_EQ(value.size(), 1u + 2 * 116);
  EXPECT_EQ(value.substr(0, 20), "\2\xe8\3\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff/\0\0"s);
}

TEST(DiskInfoLegacy, HostReadsWhatWasEncoded) {
  const auto decoded = vmxsim::DecodeDiskInfoLegacy(EncodeDiskInfoLegacy(Two()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_EQ(decoded->size(), 2u);
  EXPECT_EQ(decoded->front().mount_point, "/");
  EXPECT_EQ(decoded->front().total_bytes, 18446744073709551615u);
  EXPECT_EQ(decoded->back().mount_point, "/srv/\"odd\\name");
  EXPECT_EQ(decoded->back().total_bytes, 5u);
}

TEST(DiskInfoLegacy, KeepsToTheLimits) {
  Disks disks;
  for (int i = 0; i < 300; ++i) disks.Add()->set_mount_point(std::string(200, 'x'));
  const auto decoded = vmxsim::DecodeDiskInfoLegacy(EncodeDiskInfoLegacy(disks));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->size(), 255u);
  EXPECT_EQ(decoded->front().mount_point, std::string(99, 'x'));
}

}  // namespace
}  // namespace toolboxd::guest_info
