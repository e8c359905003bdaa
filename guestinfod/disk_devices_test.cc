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
  DiskDevicesTest() {
    fs::remove_all(root_);
    fs::create_directories(root_ / "sys/dev/block");
    fs::create_directories(root_ / "sys/class/block");
  }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  void AddDevice(const std::string& number, const std::string& folder) {
    fs::create_directories(root_ / "sys/devices" / folder);
    fs::create_directory_symlink(root_ / "sys/devices" / folder, root_ / "sys/dev/block" / number);
    const fs::path by_name = root_ / "sys/class/block" / fs::path(folder).filename();
    if (!fs::exists(by_name)) fs::create_directory_symlink(root_ / "sys/devices" / folder, by_name);
  }

  // One that others are made of.
  void AddSlave(const std::string& folder, const std::string& slave) {
    const fs::path slaves = root_ / "sys/devices" / folder / "slaves";
    fs::create_directories(slaves);
    fs::create_directory_symlink(root_ / "sys/devices" / slave,
                                 slaves / fs::path(slave).filename());
  }

  // A SCSI disk of VMware's first controller: "sdb" is "scsi0:1".
  std::string AddDisk(const std::string& number, const std::string& name) {
    const std::string target = std::to_string(name.back() - 'a');
    const std::string folder =
        "pci0000:00/0000:00:10.0/host2/target2:0:" + target + "/2:0:" + target + ":0/block/" + name;
    AddDevice(number, folder);
    return folder;
  }

  Names Devices(uint32_t major, uint32_t minor, const std::string& source = "/dev/sdb1",
                const std::string& type = "btrfs") {
    Mount mount;
    mount.major = major;
    mount.minor = minor;
    mount.source = source;
    mount.type = type;
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

TEST_F(DiskDevicesTest, SataUnitIsThePositionOfItsPort) {
  const std::string pci = "pci0000:00/0000:00:11.0/0000:02:04.0";
  AddDevice("8:16", pci + "/ata5/host4/target4:0:0/4:0:0:0/block/sdb");
  fs::create_directories(root_ / "sys/devices" / pci / "ata3");
  fs::create_directories(root_ / "sys/devices" / pci / "ata12");
  Write("sys/devices/" + pci + "/label", "sata0\n");
  // Numbers of two controllers that are probed at once can be mixed.
  EXPECT_EQ(Devices(8, 16), Names{"sata0:1"});
}

TEST_F(DiskDevicesTest, SataPortsOfOldKernelsAreHosts) {
  const std::string pci = "pci0000:00/0000:00:11.0/0000:02:04.0";
  AddDevice("8:16", pci + "/host7/target7:0:0/7:0:0:0/block/sdb");
  for (const char* name : {"host6", "host5", "host40"}) {
    fs::create_directories(root_ / "sys/devices" / pci / name);
  }
  Write("sys/devices/" + pci + "/label", "SATA1\n");
  EXPECT_EQ(Devices(8, 16), Names{"sata1:2"});
}

TEST_F(DiskDevicesTest, IdeIsKnownByItsClass) {
  const std::string pci = "pci0000:00/0000:00:07.1";
  AddDevice("8:0", pci + "/ata2/host1/target1:0:1/1:0:1:0/block/sda");
  fs::create_directories(root_ / "sys/devices" / pci / "ata1");
  Write("sys/devices/" + pci + "/class", "0x01018a\n");
  EXPECT_EQ(Devices(8, 0), Names{"ide1:1"});
}

TEST_F(DiskDevicesTest, SasUnitIsThePhyAndNotTheTarget) {
  const std::string pci = "pci0000:00/0000:00:15.0/0000:03:00.0";
  const std::string port = pci + "/host2/port-2:1";
  AddDevice("8:0", port + "/end_device-2:1/target2:0:1/2:0:1:0/block/sda");
  Write("sys/devices/" + pci + "/label", "SCSI1\n");
  EXPECT_EQ(Devices(8, 0), Names{});
  fs::create_directories(root_ / "sys/devices" / port / "phy-2:7");
  EXPECT_EQ(Devices(8, 0), Names{"scsi1:7"});
}

TEST_F(DiskDevicesTest, NvmeNamespacesCountFromZero) {
  const std::string pci = "pci0000:00/0000:00:16.0/0000:0b:00.0";
  AddDevice("259:0", pci + "/nvme/nvme0/nvme0n2");
  Write("sys/devices/" + pci + "/nvme/nvme0/nvme0n2/nsid", "2\n");
  Write("sys/devices/" + pci + "/label", "NVME0\n");
  EXPECT_EQ(Devices(259, 0), Names{"nvme0:1"});
}

TEST_F(DiskDevicesTest, PartitionOnNvmeOfAnOldKernelIsNamed) {
  const std::string disk = "pci0000:00/0000:00:16.0/0000:0b:00.0/nvme/nvme1/nvme1n3";
  AddDevice("259:4", disk + "/nvme1n3p2");
  Write("sys/devices/" + disk + "/nvme1n3p2/partition", "2\n");
  Write("sys/devices/pci0000:00/0000:00:16.0/0000:0b:00.0/label", "nvme1\n");
  EXPECT_EQ(Devices(259, 4), Names{"nvme1:2"});
  Write("sys/devices/" + disk + "/nsid", "0\n");
  EXPECT_EQ(Devices(259, 4), Names{});
}

TEST_F(DiskDevicesTest, NvmeOfManyPathsIsNamedByAController) {
  const std::string pci = "pci0000:00/0000:00:16.0/0000:0b:00.0";
  const std::string subsystem = "virtual/nvme-subsystem/nvme-subsys0";
  AddDevice("259:0", subsystem + "/nvme0n1");
  Write("sys/devices/" + subsystem + "/nvme0n1/nsid", "1\n");
  EXPECT_EQ(Devices(259, 0), Names{});
  Write("sys/devices/" + pci + "/label", "NVME2\n");
  fs::create_directories(root_ / "sys/devices" / pci / "nvme/nvme0");
  fs::create_directory_symlink(root_ / "sys/devices" / pci / "nvme/nvme0",
                               root_ / "sys/devices" / subsystem / "nvme0");
  EXPECT_EQ(Devices(259, 0), Names{"nvme2:0"});
}

TEST_F(DiskDevicesTest, VolumeOfWhichOneDiskHasNoNameHasNone) {
  AddDevice("253:0", "virtual/block/dm-0");
  AddSlave("virtual/block/dm-0", AddDisk("8:0", "sda"));
  EXPECT_EQ(Devices(253, 0), Names{"scsi0:0"});
  // A disk of iSCSI.
  const std::string foreign = "platform/host3/session1/target3:0:0/3:0:0:1/block/sdq";
  AddDevice("65:0", foreign);
  AddSlave("virtual/block/dm-0", foreign);
  EXPECT_EQ(Devices(253, 0), Names{});
}

TEST_F(DiskDevicesTest, VolumeOnLuksOnRaidOfPartitionsIsNamed) {
  for (const char* name : {"sda", "sdb"}) {
    const std::string disk = AddDisk(name == std::string("sda") ? "8:0" : "8:16", name);
    Write("sys/devices/" + disk + "/" + name + "1/partition", "1\n");
    AddSlave("virtual/block/md0", disk + "/" + name + "1");
  }
  AddSlave("virtual/block/dm-1", "virtual/block/md0");
  AddSlave("virtual/block/dm-0", "virtual/block/dm-1");
  AddDevice("253:0", "virtual/block/dm-0");
  EXPECT_EQ(Devices(253, 0), (Names{"scsi0:0", "scsi0:1"}));
}

TEST_F(DiskDevicesTest, PathsOfOneDiskAreNamedOnce) {
  const std::string disk = AddDisk("8:16", "sdb");
  AddDevice("253:0", "virtual/block/dm-0");
  AddSlave("virtual/block/dm-0", disk);
  Write("sys/devices/" + disk + "/sdb1/partition", "1\n");
  AddSlave("virtual/block/dm-0", disk + "/sdb1");
  EXPECT_EQ(Devices(253, 0), Names{"scsi0:1"});
}

TEST_F(DiskDevicesTest, MoreThanSixteenDisksHaveNoNames) {
  AddDevice("253:0", "virtual/block/dm-0");
  for (char c = 'a'; c < 'a' + 16; ++c) {
    AddSlave("virtual/block/dm-0", AddDisk(std::string("8:") + c, std::string("sd") + c));
  }
  EXPECT_EQ(Devices(253, 0).size(), 16u);
  AddSlave("virtual/block/dm-0", AddDisk("8:q", "sdq"));
  EXPECT_EQ(Devices(253, 0), Names{});
}

TEST_F(DiskDevicesTest, BtrfsNamesAllItsMembers) {
  AddDisk("8:0", "sda");
  AddDisk("8:16", "sdb");
  EXPECT_EQ(Devices(0, 45, "/dev/sdb"), Names{"scsi0:1"});
  for (const char* name : {"sda", "sdb"}) {
    fs::create_directories(root_ / "sys/fs/btrfs/0c5f/devices" / name);
  }
  fs::create_directories(root_ / "sys/fs/btrfs/features");
  EXPECT_EQ(Devices(0, 45, "/dev/sdb"), (Names{"scsi0:0", "scsi0:1"}));
}

TEST_F(DiskDevicesTest, BtrfsOnALogicalVolumeIsFoundByTheNameOfTheVolume) {
  AddDevice("253:3", "virtual/block/dm-3");
  AddSlave("virtual/block/dm-3", AddDisk("8:16", "sdb"));
  Write("sys/devices/virtual/block/dm-3/dm/name", "vg-data\n");
  EXPECT_EQ(Devices(0, 45, "/dev/mapper/vg-data"), Names{"scsi0:1"});
  EXPECT_EQ(Devices(0, 45, "/dev/mapper/vg-other"), Names{});
}

TEST_F(DiskDevicesTest, BcachefsNamesAllItsMembers) {
  AddDisk("8:0", "sda");
  AddDisk("8:16", "sdb");
  EXPECT_EQ(Devices(0, 45, "/dev/sda:/dev/sdb", "bcachefs"), (Names{"scsi0:0", "scsi0:1"}));
}

TEST_F(DiskDevicesTest, OddSourcesHaveNoNames) {
  AddDisk("8:0", "sda");
  for (const char* source : {"", ":", "/", "..", ".", "/dev/..", "rpool/ROOT/debian",
                             "/dev/mapper/", "/dev/sda:", "/dev/sda:..", "none"}) {
    EXPECT_EQ(Devices(0, 45, source), Names{}) << source;
  }
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
  EXPECT_EQ(Devices(0, 45), Names{"scsi0:1"});
}

TEST_F(DiskDevicesTest, OtherHypervisorsDisksHaveNoName) {
  AddDevice("254:0", "pci0000:00/0000:00:05.0/virtio2/block/vda");
  EXPECT_EQ(Devices(254, 0), Names{});
  EXPECT_EQ(Devices(1, 2), Names{});
}

}  // namespace
}  // namespace toolboxd::guestinfod
