// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disks.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

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
  const auto disks = ReadDisks(MakeRoot("space", "ext4", 0));
  ASSERT_EQ(disks.size(), 1);
  EXPECT_EQ(disks.Get(0).mount_point(), "/data");
  EXPECT_EQ(disks.Get(0).file_system(), "ext4");
  EXPECT_GT(disks.Get(0).total_bytes(), 0u);
  EXPECT_LE(disks.Get(0).free_bytes(), disks.Get(0).total_bytes());
  EXPECT_EQ(disks.Get(0).devices_size(), 0);
}

TEST(Disks, CoveredMountsAreLeftOut) {
  EXPECT_EQ(ReadDisks(MakeRoot("covered", "ext4", 1)).size(), 0);
  EXPECT_EQ(ReadDisks(MakeRoot("subvolume", "btrfs", 1)).size(), 1);
}

TEST(Disks, MissingMountTableMeansNoDisks) { EXPECT_EQ(ReadDisks("/nonexistent").size(), 0); }

}  // namespace
}  // namespace toolboxd::guestinfod
