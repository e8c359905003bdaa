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
  EXPECT_EQ(mounts[0].major, 8u);
  EXPECT_EQ(mounts[0].minor, 1u);
  EXPECT_EQ(mounts[0].root, "/sub");
  EXPECT_EQ(mounts[0].mount_point, "/mnt/my disk");
  EXPECT_EQ(mounts[0].type, "ext4");
  EXPECT_EQ(mounts[0].source, "/dev/sda1");
  EXPECT_EQ(mounts[1].mount_point, "/proc");
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
