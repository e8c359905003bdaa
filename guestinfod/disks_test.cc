// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disks.h"

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "guestinfod/testing/namespaces.h"
#include "guestinfod/testing/statfs_server.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

StatfsClient& NoClient() {
  static StatfsClient client("");
  return client;
}

// A mount table of one line that names the file system of the test's own folder.
std::string MakeRoot(const std::string& name, const std::string& type, uint32_t minor_offset) {
  const std::string root = ::testing::TempDir() + name;
  std::filesystem::create_directories(root + "/proc/self");
  std::filesystem::create_directories(root + "/data");
  struct stat status;
  stat(root.c_str(), &status);
  std::ofstream(root + "/proc/self/mountinfo")
      << absl::StrCat("1 0 ", major(status.st_dev), ":", minor(status.st_dev) + minor_offset,
                      " / /data rw - ", type, " /dev/sda1 rw\n");
  return root;
}

TEST(Disks, MountedDisksHaveSpace) {
  const auto disks = ReadDisks(MakeRoot("space", "ext4", 0), NoClient());
  ASSERT_EQ(disks.size(), 1);
  EXPECT_EQ(disks.Get(0).mount_point(), "/data");
  EXPECT_EQ(disks.Get(0).file_system(), "ext4");
  EXPECT_GT(disks.Get(0).total_bytes(), 0u);
  EXPECT_LE(disks.Get(0).free_bytes(), disks.Get(0).total_bytes());
  EXPECT_EQ(disks.Get(0).devices_size(), 0);
}

TEST(Disks, CoveredMountsAreLeftOut) {
  EXPECT_EQ(ReadDisks(MakeRoot("covered", "ext4", 1), NoClient()).size(), 0);
  EXPECT_EQ(ReadDisks(MakeRoot("subvolume", "btrfs", 1), NoClient()).size(), 1);
}

TEST(Disks, MissingMountTableMeansNoDisks) {
  EXPECT_EQ(ReadDisks("/nonexistent", NoClient()).size(), 0);
}

// A disk below a folder that is closed to this thread, which has given up root's rights to files;
// and a toolboxd-statfs on a thread that has them.
class ClosedDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(EnterNamespaces()) << "this test needs root";
    fs::create_directories(root_ / "proc/self");
    fs::create_directories(disk_);
    ASSERT_EQ(mount("none", disk_.c_str(), "tmpfs", 0, "size=8m"), 0);
    ASSERT_EQ(stat(disk_.c_str(), &status_), 0);
    SetMountInfo(status_.st_dev);
    // Its owner is this user.
    ASSERT_EQ(chmod((root_ / "closed").c_str(), 0), 0);
    server_.Start(socket_);
    SetRights(Rights::kOfItsUser);
  }
  void TearDown() override {
    SetRights(Rights::kOfRoot);
    umount2(disk_.c_str(), MNT_DETACH);
  }

  // Whether this thread has root's rights to files: it keeps what it needs to have them again.
  enum class Rights { kOfRoot, kOfItsUser };
  static void SetRights(Rights rights) {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2];
    ASSERT_EQ(syscall(SYS_capget, &header, sets), 0);
    const uint32_t files = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
    sets[0].effective = sets[0].permitted & ~(rights == Rights::kOfRoot ? 0 : files);
    ASSERT_EQ(syscall(SYS_capset, &header, sets), 0);
  }

  void SetMountInfo(dev_t device) {
    std::ofstream(root_ / "proc/self/mountinfo") << absl::StrCat(
        "1 0 ", major(device), ":", minor(device), " / /closed/data rw - ext4 /dev/sdb1 rw\n");
  }

  const ShortTempDir folder_;
  const fs::path root_ = folder_.path() + "/root";
  const fs::path disk_ = root_ / "closed/data";
  const std::string socket_ = folder_.path() + "/statfs.sock";
  StatfsServer server_;
  struct stat status_ = {};
};

TEST_F(ClosedDisk, HasTheSizesThatTheHelperSays) {
  StatfsClient none("");
  EXPECT_EQ(ReadDisks(root_, none).size(), 0);
  StatfsClient client(socket_);
  for (int round = 0; round < 3; ++round) {
    const auto disks = ReadDisks(root_, client);
    ASSERT_EQ(disks.size(), 1);
    EXPECT_EQ(disks.Get(0).mount_point(), "/closed/data");
    EXPECT_EQ(disks.Get(0).total_bytes(), 8u << 20);
    EXPECT_EQ(disks.Get(0).free_bytes(), 8u << 20);
  }
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(ClosedDisk, IsLeftOutIfSomethingElseIsMountedThere) {
  SetMountInfo(status_.st_dev + 1);
  StatfsClient client(socket_);
  EXPECT_EQ(ReadDisks(root_, client).size(), 0);
}

TEST_F(ClosedDisk, HelperIsNotAskedWithoutNeed) {
  SetRights(Rights::kOfRoot);
  StatfsClient client(socket_);
  EXPECT_EQ(ReadDisks(root_, client).size(), 1);
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ClosedDisk, HelperEndsWhenItIsNotNeededAnyMore) {
  StatfsClient client(socket_);
  ASSERT_EQ(ReadDisks(root_, client).size(), 1);
  std::ofstream(root_ / "proc/self/mountinfo") << "";
  EXPECT_EQ(ReadDisks(root_, client).size(), 0);
  EXPECT_TRUE(Eventually([this] { return server_.ended() == 1; }));
}

}  // namespace
}  // namespace toolboxd::guestinfod
