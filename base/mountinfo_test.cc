// SPDX-License-Identifier: Apache-2.0

#include "base/mountinfo.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

std::string PointOf(const std::string& escaped) {
  const auto mounts = ParseMountInfo("1 2 8:1 / " + escaped + " rw - ext4 /dev/sda rw\n");
  return mounts.size() == 1 ? mounts[0].mount_point : "";
}

TEST(MountInfo, FieldsAreFound) {
  const auto mounts = ParseMountInfo(
      "36 35 8:1 /sub /mnt/my\\040disk rw,noatime master:1 shared:2 - ext4 /dev/sda1 rw\n"
      "37 36 0:5 / /proc rw - proc proc rw");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].id, 36u);
  EXPECT_EQ(mounts[0].parent_id, 35u);
  EXPECT_EQ(mounts[0].major, 8u);
  EXPECT_EQ(mounts[0].minor, 1u);
  EXPECT_EQ(mounts[0].root, "/sub");
  EXPECT_EQ(mounts[0].mount_point, "/mnt/my disk");
  EXPECT_EQ(mounts[0].type, "ext4");
  EXPECT_EQ(mounts[0].source, "/dev/sda1");
  EXPECT_EQ(mounts[1].mount_point, "/proc");
}

TEST(MountInfo, ReadOnlyIsTheMountOrTheWholeFileSystem) {
  const auto mounts = ParseMountInfo(
      "1 0 8:1 / /a ro,noatime - ext4 /dev/sda1 rw,errors=remount-ro\n"
      "2 0 8:2 / /b rw - ext4 /dev/sda2 ro\n"
      "3 0 8:3 / /c rw,relatime - ext4 /dev/sda3 rw\n"
      "4 0 8:4 / /d rw - ext4 /dev/sda4\n");
  ASSERT_EQ(mounts.size(), 4u);
  EXPECT_TRUE(mounts[0].read_only);
  EXPECT_FALSE(mounts[0].super_read_only);
  EXPECT_FALSE(mounts[1].read_only);
  EXPECT_TRUE(mounts[1].super_read_only);
  EXPECT_FALSE(mounts[2].read_only || mounts[2].super_read_only);
  EXPECT_FALSE(mounts[3].super_read_only);
}

TEST(MountInfo, EmptySourceIsASource) {
  const auto mounts = ParseMountInfo("1 0 0:40 / /a rw - tmpfs  ro\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].type, "tmpfs");
  EXPECT_EQ(mounts[0].source, "");
  EXPECT_TRUE(mounts[0].super_read_only);
}

TEST(MountInfo, DashIsLookedForAfterTheOptions) {
  const auto mounts = ParseMountInfo("1 0 0:40 - /a rw shared:1 - tmpfs - rw\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].type, "tmpfs");
  EXPECT_EQ(mounts[0].source, "-");
}

TEST(MountInfo, OctalEscapesAreUndone) {
  EXPECT_EQ(PointOf("/a\\040b\\011c\\012d\\134e"), "/a b\tc\nd\\e");
  EXPECT_EQ(PointOf("/a\\1340"), "/a\\0");
}

TEST(MountInfo, OtherBackslashesAreKept) {
  EXPECT_EQ(PointOf("/a\\"), "/a\\");
  EXPECT_EQ(PointOf("/a\\04"), "/a\\04");
  EXPECT_EQ(PointOf("/a\\9999"), "/a\\9999");
}

TEST(MountInfo, MalformedLinesAreSkipped) {
  EXPECT_TRUE(ParseMountInfo("").empty());
  EXPECT_TRUE(ParseMountInfo("\n1 2 3\n").empty());
  EXPECT_TRUE(ParseMountInfo("x 2 8:1 / / rw - ext4 /dev/sda rw\n").empty());
  EXPECT_TRUE(ParseMountInfo("1 -2 8:1 / / rw - ext4 /dev/sda rw\n").empty());
  EXPECT_TRUE(ParseMountInfo("1 2 8:1 / / rw ext4 /dev/sda rw\n").empty());
  EXPECT_TRUE(ParseMountInfo("1 2 8 / / rw - ext4 /dev/sda rw\n").empty());
  EXPECT_TRUE(ParseMountInfo("1 2 8:x / / rw - ext4 /dev/sda rw\n").empty());
  EXPECT_TRUE(ParseMountInfo("1 2 8:1 / / rw - ext4\n").empty());
  EXPECT_TRUE(ParseMountInfo("1 2 8:1 / relative rw - ext4 /dev/sda rw\n").empty());
}

TEST(MountInfo, StopsAtItsLimit) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "1 2 8:1 / / rw - ext4 /dev/sda rw\n";
  EXPECT_EQ(ParseMountInfo(text, 4096).size(), 4096u);
  EXPECT_EQ(ParseMountInfo(text).size(), 5000u);
}

}  // namespace
}  // namespace toolboxd
