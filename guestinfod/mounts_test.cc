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

TEST(LocalDisks, RootWinsWhateverPartOfAFileSystemItIs) {
  // btrfs with its pool mounted beside it; ostree.
  EXPECT_EQ(Points("25 1 0:30 /@ / rw - btrfs /dev/sda2 rw\n"
                   "60 25 0:30 / /mnt/btr_pool rw - btrfs /dev/sda2 rw\n"),
            Paths{"/"});
  EXPECT_EQ(Points("20 1 8:2 / /sysroot rw - xfs /dev/sda2 rw\n"
                   "21 1 8:2 /ostree/deploy/x/deploy/y.0 / rw - xfs /dev/sda2 rw\n"
                   "22 21 8:2 /ostree/deploy/x/var /var rw - xfs /dev/sda2 rw\n"),
            Paths{"/"});
}

TEST(LocalDisks, DiskKeepsItsNameWhateverElseIsMounted) {
  const std::string before =
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 8:17 /www /srv/www rw - xfs /dev/sdb1 rw\n";
  EXPECT_EQ(Points(before), (Paths{"/", "/srv/www"}));
  for (const char* more :
       {"3 1 8:17 / /data rw - xfs /dev/sdb1 rw\n", "3 1 8:17 /www /w rw - xfs /dev/sdb1 rw\n",
        "3 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n", "3 1 0:40 / /net rw - nfs server:/x rw\n"}) {
    EXPECT_EQ(Points(before + more), (Paths{"/", "/srv/www"})) << more;
  }
}

TEST(LocalDisks, MountThatIsCoveredLeavesThePlaceToAnotherOfItsStorage) {
  const std::string root = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
  const std::string disk = "2 1 8:17 / /data rw - xfs /dev/sdb1 rw\n";
  EXPECT_EQ(Points(root + disk +
                   "3 2 0:50 / /data rw - tmpfs tmpfs rw\n"
                   "4 1 8:17 / /other rw - xfs /dev/sdb1 rw\n"),
            (Paths{"/", "/other"}));
  EXPECT_EQ(Points(root + "2 1 8:17 / /a/data rw - xfs /dev/sdb1 rw\n"
                          "3 1 0:50 / /a rw - tmpfs tmpfs rw\n"),
            Paths{"/"});
  // The parent of a mount can stand after it in the table.
  EXPECT_EQ(Points("22 28 8:33 / /boot rw - ext4 /dev/sdc1 rw\n"
                   "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n"),
            (Paths{"/boot", "/"}));
}

TEST(LocalDisks, AutomounterCountsOnlyWhileNothingIsMountedOverIt) {
  const std::string root = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
  const std::string direct = "30 1 0:40 / /backup rw - autofs systemd-1 rw,direct\n";
  EXPECT_EQ(Points(root + direct + "31 30 8:17 / /backup rw - ext4 /dev/sdb1 rw\n"),
            (Paths{"/", "/backup"}));
  EXPECT_EQ(Points(root + direct +
                   "31 30 8:17 / /backup rw - ext4 /dev/sdb1 rw\n"
                   "32 31 8:33 / /backup/old rw - ext4 /dev/sdc1 rw\n"),
            (Paths{"/", "/backup", "/backup/old"}));
  // Not mounted yet; and a network file system mounted over it.
  EXPECT_EQ(Points(root + direct), Paths{"/"});
  EXPECT_EQ(Points(root + direct +
                   "31 30 0:41 / /backup rw - nfs server:/x rw\n"
                   "32 31 8:33 / /backup/old rw - ext4 /dev/sdc1 rw\n"),
            Paths{"/"});
}

TEST(LocalDisks, TablesThatMakeNoSenseAreReadToTheirEnd) {
  EXPECT_FALSE(Points("1 2 8:1 / / rw - ext4 /dev/sda1 rw\n"
                      "2 1 8:17 / /a rw - ext4 /dev/sdb1 rw\n"
                      "2 2 8:33 / /a/b rw - ext4 /dev/sdc1 rw\n")
                   .empty());
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
