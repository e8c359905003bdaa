// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disk_devices.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

// A made-up sysfs.
class DiskDevicesTest : public ::testing::Test {
 protected:
  DiskDevicesTest() { fs::create_directories(root_ / "sys/dev/block"); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  void AddDevice(const std::string& number, const std::string& folder) {
    fs::create_directories(root_ / "sys/devices" / folder);
    fs::create_directory_symlink(root_ / "sys/devices" / folder, root_ / "sys/dev/block" / number);
  }

  Names Devices(uint32_t major, uint32_t minor) {
    Mount mount;
    mount.major = major;
    mount.minor = minor;
    mount.source = "/dev/sdb1";
    return DiskDevices(root_.string(), mount);
  }

  const fs::path root_ = fs::path(::testing::TempDir()) /
                         ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

constexpr char kDisk[] = "pci0000:00/0000:00:15.0/0000:03:00.0/host0/target0:0:1/0:0:1:0/block/sda";

TEST_F(DiskDevicesTest, PartitionOnParavirtualScsiIsNamed) {
  AddDevice("8:1", std::string(kDisk) + "/sda1");
  Write(std::string("sys/devices/") + kDisk + "/sda1/partition", "1\n");
  Write("sys/devices/pci0000:00/0000:00:15.0/0000:03:00.0/label", "SCSI2\n");
  EXPECT_EQ(Devices(8, 1), Names{"scsi2:1"});
}

TEST_F(DiskDevicesTest, FirstControllerHasNoLabel) {
  AddDevice("8:0", "pci0000:00/0000:00:10.0/host2/target2:0:3/2:0:3:0/block/sda");
  EXPECT_EQ(Devices(8, 0), Names{"scsi0:3"});
}

TEST_F(DiskDevicesTest, SataPortsCountFromTheFirst) {
  const std::string pci = "pci0000:00/0000:00:11.0/0000:02:04.0";
  AddDevice("8:16", pci + "/ata5/host4/target4:0:0/4:0:0:0/block/sdb");
  fs::create_directories(root_ / "sys/devices" / pci / "ata3");
  fs::create_directories(root_ / "sys/devices" / pci / "ata12");
  Write("sys/devices/" + pci + "/label", "sata0\n");
  EXPECT_EQ(Devices(8, 16), Names{"sata0:2"});
}

TEST_F(DiskDevicesTest, NvmeNamespacesCountFromZero) {
  const std::string pci = "pci0000:00/0000:00:16.0/0000:0b:00.0";
  AddDevice("259:0", pci + "/nvme/nvme0/nvme0n2");
  Write("sys/devices/" + pci + "/nvme/nvme0/nvme0n2/nsid", "2\n");
  Write("sys/devices/" + pci + "/label", "NVME0\n");
  EXPECT_EQ(Devices(259, 0), Names{"nvme0:1"});
}

TEST_F(DiskDevicesTest, LogicalVolumeNamesAllItsDisks) {
  AddDevice("8:0", "pci0000:00/0000:00:10.0/host2/target2:0:3/2:0:3:0/block/sda");
  AddDevice("8:16", "pci0000:00/0000:00:10.0/host2/target2:0:1/2:0:1:0/block/sdb");
  AddDevice("253:0", "virtual/block/dm-0");
  fs::create_directories(root_ / "sys/devices/virtual/block/dm-0/slaves");
  for (const char* number : {"8:0", "8:16"}) {
    fs::create_directory_symlink(root_ / "sys/dev/block" / number,
                                 root_ / "sys/devices/virtual/block/dm-0/slaves" / number);
  }
  EXPECT_EQ(Devices(253, 0), (Names{"scsi0:1", "scsi0:3"}));
}

TEST_F(DiskDevicesTest, SlavesInACircleEnd) {
  AddDevice("253:0", "virtual/block/dm-0");
  fs::create_directories(root_ / "sys/devices/virtual/block/dm-0/slaves");
  fs::create_directory_symlink(root_ / "sys/devices/virtual/block/dm-0",
                               root_ / "sys/devices/virtual/block/dm-0/slaves/dm-0");
  EXPECT_EQ(Devices(253, 0), Names{});
}

TEST_F(DiskDevicesTest, DevicelessFileSystemIsFoundByItsSource) {
  AddDevice("8:17", "pci0000:00/0000:00:10.0/host2/target2:0:1/2:0:1:0/block/sdb/sdb1");
  Write("sys/devices/pci0000:00/0000:00:10.0/host2/target2:0:1/2:0:1:0/block/sdb/sdb1/partition",
        "1\n");
  fs::create_directories(root_ / "sys/class/block");
  fs::create_directory_symlink(root_ / "sys/dev/block/8:17", root_ / "sys/class/block/sdb1");
  EXPECT_EQ(Devices(0, 45), Names{"scsi0:1"});
}

TEST_F(DiskDevicesTest, OtherHypervisorsDisksHaveNoName) {
  AddDevice("254:0", "pci0000:00/0000:00:05.0/virtio2/block/vda");
  EXPECT_EQ(Devices(254, 0), Names{});
  EXPECT_EQ(Devices(1, 2), Names{});
}

}  // namespace
}  // namespace toolboxd::guestinfod
