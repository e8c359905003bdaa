// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/mounts.h"

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

std::vector<std::string> Points(absl::string_view text) {
  std::vector<std::string> points;
  for (const Mount& mount : SelectDisks(ParseMountInfo(text))) points.push_back(mount.mount_point);
  return points;
}

using Paths = std::vector<std::string>;

TEST(LocalDisks, OnlyLocalFileSystemsOnDisksAreListed) {
  EXPECT_EQ(Points("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                   "2 1 0:5 / /proc rw - proc proc rw\n"
                   "3 1 0:6 / /tmp rw - tmpfs tmpfs rw\n"
                   "4 1 0:7 / /net rw - nfs4 server:/x rw\n"
                   "5 1 8:17 / /srv rw - xfs /dev/sdb1 rw\n"
                   "6 1 7:0 / /snap/core rw - squashfs /dev/loop0 ro\n"),
            (Paths{"/", "/srv"}));
}

TEST(LocalDisks, EachStorageIsListedOnceByItsRoot) {
  EXPECT_EQ(Points("1 0 8:1 /var/tmp/x /a rw - ext4 /dev/sda1 rw\n"
                   "2 0 8:1 / /sysroot rw - ext4 /dev/sda1 rw\n"
                   "3 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                   "4 0 8:1 /b /b rw - ext4 /dev/sda1 rw\n"),
            Paths{"/"});
}

TEST(LocalDisks, PoolsAreListedOnce) {
  EXPECT_EQ(Points("1 0 0:50 / / rw - zfs rpool/ROOT/debian rw\n"
                   "2 0 0:51 / /home rw - zfs rpool/home rw\n"
                   "3 0 0:52 / /data rw - zfs tank rw\n"),
            (Paths{"/", "/data"}));
}

TEST(LocalDisks, MountsBelowFileSystemsThatMayHangAreLeftOut) {
  EXPECT_EQ(Points("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                   "2 1 0:40 / /net rw - nfs server:/x rw\n"
                   "3 2 8:17 / /net/disk rw - ext4 /dev/sdb1 rw\n"
                   "4 1 0:41 / /auto rw - autofs systemd-1 rw\n"
                   "5 4 8:33 / /auto/disk rw - ext4 /dev/sdc1 rw\n"
                   "6 1 8:49 / /network rw - ext4 /dev/sdd1 rw\n"),
            (Paths{"/", "/network"}));
}

TEST(LocalDisks, NetworkRootHidesEverything) {
  EXPECT_EQ(Points("1 0 0:40 / / rw - nfs server:/x rw\n"
                   "2 1 8:17 / /srv rw - ext4 /dev/sdb1 rw\n"),
            Paths{});
}

}  // namespace
}  // namespace toolboxd::guestinfod
