// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/block_devices.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<std::string>;

// A sysfs of the test's own, with the kernel's links.
class BlockDevicesTest : public ::testing::Test {
 protected:
  BlockDevicesTest() {
    fs::create_directories(sys_ + "/dev/block");
    fs::create_directories(sys_ + "/class/block");
  }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  std::string Folder(const std::string& name) { return sys_ + place_ + name; }
  void Add(const std::string& name, const std::string& number) {
    Write(Folder(name) + "/dev", number + "\n");
    fs::create_directories(Folder(name) + "/slaves");
    fs::create_directory_symlink(Folder(name), sys_ + "/dev/block/" + number);
    fs::create_directory_symlink(Folder(name),
                                 sys_ + "/class/block/" + fs::path(name).filename().string());
  }
  void AddLoop(const std::string& name, const std::string& number, const std::string& file) {
    Add(name, number);
    Write(Folder(name) + "/loop/backing_file", file + "\n");
  }
  void AddMapped(const std::string& name, const std::string& number, const std::string& mapped) {
    Add(name, number);
    Write(Folder(name) + "/dm/name", mapped + "\n");
  }
  void AddSlave(const std::string& upper, const std::string& lower) {
    fs::create_directory_symlink(Folder(lower), absl::StrCat(Folder(upper), "/slaves/",
                                                             fs::path(lower).filename().string()));
  }
  void AddBtrfs(const std::string& uuid, const std::vector<std::string>& devices) {
    const std::string folder = absl::StrCat(sys_, "/fs/btrfs/", uuid, "/devices");
    fs::create_directories(folder);
    for (const std::string& name : devices) {
      fs::create_directory_symlink(Folder(name), folder + "/" + name);
    }
  }
  Backing Of(uint32_t major, uint32_t minor, const std::string& source = "",
             const std::string& type = "ext4") {
    Mount mount;
    mount.major = major;
    mount.minor = minor;
    mount.source = source;
    mount.type = type;
    return BlockDevices(sys_).BackingOf(mount);
  }

  ShortTempDir dir_;
  const std::string sys_ = dir_.File("sys");
  std::string place_ = "/devices/pci0000:00/0000:03:00.0/host0/block/";
};

TEST_F(BlockDevicesTest, DiskLiesOnNoFile) {
  Add("sda", "8:0");
  EXPECT_TRUE(Of(8, 0).files.empty());
  EXPECT_FALSE(Of(8, 0).unknown);
}

TEST_F(BlockDevicesTest, LoopDeviceLiesOnItsFile) {
  AddLoop("loop0", "7:0", "/srv/my image\n");
  EXPECT_EQ(Of(7, 0).files, Files{"/srv/my image\n"});
  EXPECT_FALSE(Of(7, 0).unknown);
}

TEST_F(BlockDevicesTest, DiskThatAProgramMayServeIsUnknown) {
  for (const char* place : {"/devices/virtual/block/", "/devices/platform/host3/session1/block/",
                            "/devices/pci0000:00/0000:04:00.0/host3/session1/block/"}) {
    place_ = place;
    Add("sdb", "8:16");
    EXPECT_TRUE(Of(8, 16).unknown) << place;
    Add("dm-0", "253:0");
    AddSlave("dm-0", "sdb");
    EXPECT_TRUE(Of(253, 0).unknown) << place;
    fs::remove_all(sys_);
    fs::create_directories(sys_ + "/dev/block");
    fs::create_directories(sys_ + "/class/block");
  }
}

TEST_F(BlockDevicesTest, FilesOfAllLoopDevicesAreFound) {
  EXPECT_TRUE(BlockDevices(sys_).DiskFiles().empty());
  Add("sda", "8:0");
  AddLoop("loop0", "7:0", "/srv/a");
  AddLoop("loop1", "7:1", "/srv/b (deleted)");
  Add("loop2", "7:2");
  Files files = BlockDevices(sys_).DiskFiles();
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files, (Files{"/srv/a", "/srv/b (deleted)"}));
}

TEST_F(BlockDevicesTest, PartitionLiesOnItsDisk) {
  AddLoop("loop0", "7:0", "/srv/disk.img (deleted)");
  Add("loop0/loop0p1", "259:0");
  Write(Folder("loop0/loop0p1") + "/partition", "1\n");
  EXPECT_EQ(Of(259, 0).files, Files{"/srv/disk.img (deleted)"});
  EXPECT_FALSE(Of(259, 0).unknown);
}

TEST_F(BlockDevicesTest, VolumesLieOnAllTheirDevices) {
  AddLoop("loop0", "7:0", "/a");
  AddLoop("loop1", "7:1", "/b");
  Add("md0", "9:0");
  AddSlave("md0", "loop0");
  AddSlave("md0", "loop1");
  Add("dm-0", "253:0");
  AddSlave("dm-0", "md0");
  Backing backing = Of(253, 0);
  std::sort(backing.files.begin(), backing.files.end());
  EXPECT_EQ(backing.files, (Files{"/a", "/b"}));
  EXPECT_FALSE(backing.unknown);
}

TEST_F(BlockDevicesTest, LoopOverADeviceLiesOnWhatTheDeviceDoes) {
  AddLoop("loop0", "7:0", "/srv/a.img");
  AddMapped("dm-1", "253:1", "vg-lv");
  AddSlave("dm-1", "loop0");
  AddLoop("loop1", "7:1", "/dev/mapper/vg-lv");
  EXPECT_EQ(Of(7, 1).files, Files{"/srv/a.img"});
  // A file in a folder of /dev.
  AddLoop("loop2", "7:2", "/dev/shm/a.img");
  EXPECT_EQ(Of(7, 2).files, Files{"/dev/shm/a.img"});
}

TEST_F(BlockDevicesTest, BtrfsLiesOnEveryMember) {
  AddLoop("loop0", "7:0", "/a");
  AddLoop("loop1", "7:1", "/b");
  AddLoop("loop2", "7:2", "/c");
  AddBtrfs("1111", {"loop0", "loop1"});
  AddBtrfs("2222", {"loop2"});
  fs::create_directories(sys_ + "/fs/btrfs/features");
  Backing backing = Of(0, 40, "/dev/loop1", "btrfs");
  std::sort(backing.files.begin(), backing.files.end());
  EXPECT_EQ(backing.files, (Files{"/a", "/b"}));
  EXPECT_FALSE(backing.unknown);
}

TEST_F(BlockDevicesTest, SourceIsFoundByItsNames) {
  AddLoop("cciss!c0d0", "104:0", "/a");
  AddMapped("dm-0", "253:0", "my--group-my--volume");
  AddLoop("loop0", "7:0", "/b");
  AddSlave("dm-0", "loop0");
  EXPECT_EQ(Of(0, 40, "/dev/cciss/c0d0", "btrfs").files, Files{"/a"});
  EXPECT_EQ(Of(0, 40, "/dev/mapper/my--group-my--volume", "btrfs").files, Files{"/b"});
  EXPECT_EQ(Of(0, 40, "/dev/my-group/my-volume", "btrfs").files, Files{"/b"});
  EXPECT_EQ(Of(7, 0, "/dev/cciss/c0d0:/dev/loop0", "bcachefs").files.size(), 2u);
}

TEST_F(BlockDevicesTest, SourceThatSysfsDoesNotHaveIsUnknown) {
  for (const char* source :
       {"/dev/disk/by-uuid/1111", "/dev/root", "none", "", "/dev/", "/dev/..", "/dev/../../etc"}) {
    EXPECT_TRUE(Of(0, 40, source, "btrfs").unknown) << source;
  }
}

TEST_F(BlockDevicesTest, DeviceThatVanishedIsUnknown) {
  EXPECT_TRUE(Of(8, 0).unknown);
  Add("dm-0", "253:0");
  fs::create_directory_symlink(Folder("gone"), Folder("dm-0") + "/slaves/gone");
  AddLoop("loop0", "7:0", "/a");
  AddSlave("dm-0", "loop0");
  EXPECT_TRUE(Of(253, 0).unknown);
  EXPECT_EQ(Of(253, 0).files, Files{"/a"});
  // A loop device whose name cannot be read, as one over 4 KiB.
  Add("loop1", "7:1");
  fs::create_directories(Folder("loop1") + "/loop/backing_file");
  EXPECT_TRUE(Of(7, 1).unknown);
}

TEST_F(BlockDevicesTest, DevicesThatUseEachOtherAreVisitedOnce) {
  Add("dm-0", "253:0");
  AddMapped("dm-1", "253:1", "one");
  AddSlave("dm-0", "dm-1");
  AddSlave("dm-1", "dm-0");
  AddLoop("loop0", "7:0", "/dev/loop0");
  EXPECT_FALSE(Of(253, 0).unknown);
  EXPECT_TRUE(Of(7, 0).files.empty());
}

TEST_F(BlockDevicesTest, NumberOfDevicesIsLimited) {
  Add("dm-0", "253:0");
  for (int i = 0; i < 300; ++i) {
    AddLoop(absl::StrCat("loop", i), absl::StrCat("7:", i), absl::StrCat("/", i));
    if (i < 60) AddSlave("dm-0", absl::StrCat("loop", i));
  }
  EXPECT_EQ(Of(253, 0).files.size(), 60u);
  EXPECT_FALSE(Of(253, 0).unknown);
  for (int i = 60; i < 300; ++i) AddSlave("dm-0", absl::StrCat("loop", i));
  EXPECT_EQ(Of(253, 0).files.size(), 64u);
  EXPECT_TRUE(Of(253, 0).unknown);
}

TEST_F(BlockDevicesTest, MalformedDeviceNumberIsUnknown) {
  Add("dm-0", "253:0");
  Write(Folder("dm-0") + "/slaves/sda/dev", "../../../etc\n");
  EXPECT_TRUE(Of(253, 0).unknown);
}

}  // namespace
}  // namespace toolboxd::snapshotd
