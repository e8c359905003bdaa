// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/plan.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

// A mount table, the files below its devices by their sources, and the plan for them.
class PlanTest : public ::testing::Test {
 protected:
  void Mount(const std::string& line) { table_ += line + "\n"; }
  void Exclude(const std::string& pattern) { settings_.add_excluded_file_systems(pattern); }

  Plan Make() {
    calls_ = 0;
    return MakePlan(
        ParseMountInfo(table_), settings_,
        [this](const toolboxd::Mount& mount) {
          ++calls_;
          const auto backing = backing_.find(mount.source);
          return backing == backing_.end() ? Backing() : backing->second;
        },
        disk_files_);
  }
  // "PATH PATH | PATH": in groups.
  std::string Frozen() {
    std::string text;
    for (const Target& target : Make().freeze) {
      const char* const separator = target.with_previous ? " " : " | ";
      absl::StrAppend(&text, text.empty() ? "" : separator, target.place.path);
    }
    return text;
  }
  // "PATH (TYPE): REASON" lines.
  std::string SkippedLines() {
    return absl::StrJoin(Make().skipped, "\n", [](std::string* out, const Skipped& skipped) {
      absl::StrAppend(out, skipped.mount_point, " (", skipped.type, "): ", skipped.reason);
    });
  }

  std::string table_;
  v1::SnapshotSettings settings_;
  std::map<std::string, Backing> backing_;
  std::vector<std::string> disk_files_;
  int calls_ = 0;
};

TEST_F(PlanTest, ServerFreezesItsDisksNewestFirst) {
  Mount("22 29 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw");
  Mount("23 29 0:22 / /proc rw,nosuid shared:14 - proc proc rw");
  Mount("24 29 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=1k");
  Mount("25 24 0:23 / /dev/pts rw shared:3 - devpts devpts rw");
  Mount("26 29 0:24 / /run rw shared:5 - tmpfs tmpfs rw");
  Mount("29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro");
  Mount("30 22 0:25 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw");
  Mount("31 23 0:26 / /proc/sys/fs/binfmt_misc rw shared:11 - autofs systemd-1 rw");
  Mount("32 24 0:27 / /dev/shm rw shared:4 - tmpfs tmpfs rw");
  Mount("40 29 8:15 / /boot/efi rw shared:30 - vfat /dev/sda15 rw");
  Mount("41 29 8:16 / /boot rw shared:31 - ext2 /dev/sda16 rw");
  Mount("42 29 253:0 / /srv/data rw shared:32 - xfs /dev/mapper/vg-data rw");
  Mount("43 29 0:50 / /tmp rw shared:33 - tmpfs tmpfs rw");
  Mount("44 29 0:51 / /net/home rw shared:34 - nfs4 server:/home rw");
  Mount("45 26 0:52 / /run/user/1000 rw shared:35 - tmpfs tmpfs rw");
  Mount("46 29 0:53 / /mnt/ssh rw shared:36 - fuse.sshfs host:/ rw");
  Mount("47 29 11:0 / /media/cdrom ro shared:37 - iso9660 /dev/sr0 ro");
  Mount("48 29 0:54 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw");
  EXPECT_EQ(Frozen(), "/srv/data /boot /");
  EXPECT_EQ(SkippedLines(),
            "/boot/efi (vfat): its type cannot be frozen\n"
            "/tmp (tmpfs): in memory\n"
            "/net/home (nfs4): not a local file system\n"
            "/mnt/ssh (fuse.sshfs): served by a program (FUSE)\n"
            "/media/cdrom (iso9660): read-only\n"
            "/var/lib/docker/overlay2/x/merged (overlay): its files lie on other file systems");
  const Target data = Make().freeze[0];
  EXPECT_EQ(data.place.mount_id, 42u);
  EXPECT_EQ(data.major, 253u);
  EXPECT_EQ(data.minor, 0u);
  EXPECT_EQ(data.type, "xfs");
  EXPECT_EQ(data.source, "/dev/mapper/vg-data");
  EXPECT_EQ(calls_, 3);
}

TEST_F(PlanTest, EachTypeThatCanBeFrozenIs) {
  Mount("1 0 8:0 / / rw - ext2 /dev/a rw");
  int number = 1;
  for (const char* type : {"ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "bcachefs"}) {
    ++number;
    Mount(absl::StrCat(number, " 1 8:", number, " / /", type, " rw - ", type, " /dev/x rw"));
  }
  EXPECT_EQ(Frozen(), "/bcachefs /nilfs2 /jfs /f2fs /btrfs /xfs /ext4 /ext3 /");
}

TEST_F(PlanTest, ClusterFileSystemIsNotStoppedForOneNode) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 8:2 / /shared rw - gfs2 /dev/sdb rw");
  Mount("3 2 8:3 / /shared/local rw - ext4 /dev/sdc rw");
  EXPECT_EQ(Frozen(), "/");
  EXPECT_EQ(SkippedLines(),
            "/shared/local (ext4): only reached through /shared, which may hang (gfs2)\n"
            "/shared (gfs2): a cluster file system: freezing it would stop every node");
}

TEST_F(PlanTest, BindMountsAreOneFileSystem) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 8:1 /etc/hosts /jail/etc/hosts rw - ext4 /dev/sda1 rw");
  Mount("3 1 8:2 /data /a rw - ext4 /dev/sdb rw");
  Mount("4 1 8:2 / /mnt/much/longer rw - ext4 /dev/sdb rw");
  Mount("5 1 8:2 / /mnt/longer rw - ext4 /dev/sdb rw");
  const Plan plan = Make();
  ASSERT_EQ(plan.freeze.size(), 2u);
  // A mount of the whole is never one of a file only.
  EXPECT_EQ(plan.freeze[0].place.path, "/mnt/longer");
  EXPECT_EQ(plan.freeze[0].place.mount_id, 5u);
  EXPECT_EQ(plan.freeze[0].also_at, (std::vector<std::string>{"/a", "/mnt/much/longer"}));
  ASSERT_EQ(plan.freeze[0].alternatives.size(), 2u);
  EXPECT_EQ(plan.freeze[0].alternatives[0].path, "/mnt/much/longer");
  EXPECT_EQ(plan.freeze[0].alternatives[1].path, "/a");
  EXPECT_EQ(plan.freeze[0].alternatives[1].mount_id, 3u);
  EXPECT_EQ(plan.freeze[1].place.path, "/");
  EXPECT_EQ(plan.freeze[1].also_at, std::vector<std::string>{"/jail/etc/hosts"});
}

TEST_F(PlanTest, SubvolumesAreOneFileSystem) {
  Mount("1 0 0:30 /@ / rw - btrfs /dev/sda2 rw,subvol=/@");
  Mount("2 1 0:30 /@home /home rw - btrfs /dev/sda2 rw,subvol=/@home");
  Mount("3 1 0:30 /@snapshots /.snapshots ro - btrfs /dev/sda2 rw,subvol=/@snapshots");
  const Plan plan = Make();
  ASSERT_EQ(plan.freeze.size(), 1u);
  EXPECT_EQ(plan.freeze[0].place.path, "/");
  EXPECT_EQ(plan.freeze[0].major, 0u);
  EXPECT_EQ(plan.freeze[0].minor, 30u);
  EXPECT_TRUE(plan.skipped.empty());
}

TEST_F(PlanTest, NumberThatIsUsedAgainIsAnotherFileSystem) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 0:30 / /a rw - tmpfs tmpfs rw");
  Mount("3 1 0:30 /@ /longer rw - btrfs /dev/sda2 rw");
  EXPECT_EQ(Frozen(), "/longer /");
  EXPECT_EQ(SkippedLines(), "/a (tmpfs): in memory");
}

TEST_F(PlanTest, ReadOnlyCountsForTheFileSystemNotForTheMount) {
  Mount("1 0 8:1 / / ro - ext4 /dev/sda1 rw");
  Mount("2 1 8:2 / /usr ro - ext4 /dev/sda2 ro");
  EXPECT_EQ(Frozen(), "/");
  EXPECT_EQ(SkippedLines(), "/usr (ext4): read-only");
}

TEST_F(PlanTest, AnyMountPointExcludesTheFileSystem) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 8:2 / /srv/a rw - ext4 /dev/sdb rw");
  Mount("3 1 8:2 / /elsewhere rw - ext4 /dev/sdb rw");
  Mount("4 1 8:3 / /srv/b/c rw - ext4 /dev/sdc rw");
  Exclude("/nothing");
  Exclude("/srv/*");
  EXPECT_EQ(Frozen(), "/srv/b/c /");
  EXPECT_EQ(SkippedLines(), "/srv/a (ext4): excluded by \"/srv/*\"");
  Exclude("/srv/**");
  EXPECT_EQ(Frozen(), "/");
  Exclude("**");
  EXPECT_EQ(Frozen(), "");
  EXPECT_EQ(calls_, 0);
}

TEST_F(PlanTest, HiddenMountIsReplacedByAnother) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 8:2 / /a rw - ext4 /dev/sdb rw");
  Mount("3 2 0:40 / /a rw - tmpfs tmpfs rw");
  EXPECT_EQ(Frozen(), "/");
  EXPECT_EQ(SkippedLines(), "/a (ext4): hidden by another mount\n/a (tmpfs): in memory");
  Mount("4 1 8:2 /sub /far/away rw - ext4 /dev/sdb rw");
  EXPECT_EQ(Frozen(), "/far/away /");
  EXPECT_TRUE(Make().freeze[0].alternatives.empty());
  EXPECT_EQ(Make().freeze[0].also_at, std::vector<std::string>{"/a"});
}

TEST_F(PlanTest, NoPathLeadsThroughWhatMayHang) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 0:40 / /net rw - nfs server:/ rw");
  Mount("3 2 8:2 / /net/disk rw - ext4 /dev/sdb rw");
  Mount("4 1 0:41 / /auto rw - autofs auto rw");
  Mount("5 4 8:3 / /auto/disk rw - ext4 /dev/sdc rw");
  Mount("6 1 0:42 / /fuse rw - fuse.x x rw");
  Mount("7 6 8:4 / /fuse/disk rw - xfs /dev/sdd rw");
  Mount("8 1 8:4 / /a/longer/way/to/it rw - xfs /dev/sdd rw");
  EXPECT_EQ(Frozen(), "/a/longer/way/to/it /");
  EXPECT_TRUE(Make().freeze[0].alternatives.empty());
  EXPECT_EQ(SkippedLines(),
            "/net/disk (ext4): only reached through /net, which may hang (nfs)\n"
            "/auto/disk (ext4): only reached through /auto, which may hang (autofs)\n"
            "/net (nfs): not a local file system\n"
            "/auto (autofs): an automounter\n"
            "/fuse (fuse.x): served by a program (FUSE)");
}

TEST_F(PlanTest, PathThatTheFreezerCannotTakeIsSkipped) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount(absl::StrCat("2 1 8:2 / /", std::string(4095, 'a'), " rw - ext4 /dev/sdb rw"));
  EXPECT_EQ(Frozen(), "/");
  EXPECT_EQ(Make().skipped[0].reason, "its path is too long");
  Mount(absl::StrCat("3 1 8:2 / /", std::string(4094, 'b'), " rw - ext4 /dev/sdb rw"));
  EXPECT_EQ(Make().freeze.size(), 2u);
  EXPECT_EQ(Make().freeze[0].place.mount_id, 3u);
}

TEST_F(PlanTest, PathsAreUnescaped) {
  Mount("1 0 8:1 / /a\\040b\\012c\\134 rw - ext4 /dev/sda1 rw");
  EXPECT_EQ(Frozen(), "/a b\nc\\");
}

TEST_F(PlanTest, ImageIsBeforeTheFileSystemThatHoldsIt) {
  // The images were mounted first, and their folders again later.
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 7:0 / /inner rw - xfs /dev/loop0 rw");
  Mount("3 1 7:1 / /outer rw - ext4 /dev/loop1 rw");
  Mount("4 1 8:2 / /images rw - ext4 /dev/sdb rw");
  Mount("5 1 8:3 / /last rw - ext4 /dev/sdc rw");
  backing_["/dev/loop0"].files = {"/outer/deep/inner.img"};
  backing_["/dev/loop1"].files = {"/images/outer.img"};
  EXPECT_EQ(Frozen(), "/last /inner / | /outer | /images");
  // On each other's files, as far as that is possible.
  backing_["/dev/loop1"].files = {"/images/outer.img", "/last/outer.img"};
  EXPECT_EQ(Frozen(), "/inner / | /outer | /last /images");
}

TEST_F(PlanTest, ImageOfTheRootDirectoryIsBeforeItsHolder) {
  Mount("1 0 7:0 / / rw - ext4 /dev/loop0 rw");
  Mount("2 1 8:1 / /host rw - ext4 /dev/sda1 rw");
  backing_["/dev/loop0"].files = {"/host/root.disk"};
  EXPECT_EQ(Frozen(), "/ | /host");
}

TEST_F(PlanTest, ImageMayLieOnAHiddenMount) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 7:0 / /image rw - ext4 /dev/loop0 rw");
  Mount("3 1 8:2 / /a rw - ext4 /dev/sdb rw");
  Mount("4 1 8:2 / /b rw - ext4 /dev/sdb rw");
  Mount("5 3 8:3 / /a rw - ext4 /dev/sdc rw");
  backing_["/dev/loop0"].files = {"/a/x.img"};
  // Before both /a, of which /b is one.
  EXPECT_EQ(Frozen(), "/image / | /a /b");
}

TEST_F(PlanTest, ImageThatIsAMountOfItsOwnLiesOnThat) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 7:0 / /image rw - ext4 /dev/loop0 rw");
  Mount("3 1 8:2 / /b rw - ext4 /dev/sdb rw");
  Mount("4 1 8:2 /x.img /a/x.img rw - ext4 /dev/sdb rw");
  backing_["/dev/loop0"].files = {"/a/x.img"};
  EXPECT_EQ(Frozen(), "/image / | /b");
}

TEST_F(PlanTest, ImageOnAnUnknownFileIsBeforeAllOthers) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 7:0 / /image rw - ext4 /dev/loop0 rw");
  Mount("3 1 7:1 / /nested rw - ext4 /dev/loop1 rw");
  Mount("4 1 8:2 / /b rw - ext4 /dev/sdb rw");
  backing_["/dev/loop1"].files = {"/image/x.img"};
  backing_["/dev/loop0"].files = {"/b/x.img"};
  EXPECT_EQ(Frozen(), "/nested / | /image | /b");
  backing_["/dev/loop0"].files = {"/x.img"};
  EXPECT_EQ(Frozen(), "/b /nested | /image | /");
  backing_["/dev/loop0"].files = {"/x.img (deleted)"};
  EXPECT_EQ(Frozen(), "/nested | /image | /b | /");
  backing_["/dev/loop0"].files = {"memfd:x"};
  EXPECT_EQ(Frozen(), "/nested | /image | /b /");
  backing_["/dev/loop0"].files = {};
  EXPECT_EQ(Frozen(), "/b /nested / | /image");
  backing_["/dev/loop0"].unknown = true;
  EXPECT_EQ(Frozen(), "/nested | /image | /b /");
}

TEST_F(PlanTest, ImageOnWhatMayWriteElsewhereIsBeforeAllOthers) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 7:0 / /image rw - ext4 /dev/loop0 rw");
  Mount("3 1 0:40 / /o rw - overlay overlay rw");
  Mount("4 1 0:41 / /t rw - tmpfs tmpfs rw");
  Mount("5 1 8:2 / /b rw - ext4 /dev/sdb rw");
  backing_["/dev/loop0"].files = {"/t/x.img"};
  EXPECT_EQ(Frozen(), "/b /image /");
  backing_["/dev/loop0"].files = {"/o/x.img"};
  EXPECT_EQ(Frozen(), "/image | /b /");
}

// The file may be a journal of one of them.
TEST_F(PlanTest, FileSystemThatHoldsAnyDiskFreezesAfterThoseThatHoldNone) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 8:2 / /journals rw - ext4 /dev/sdb rw");
  Mount("3 1 8:3 / /data rw - xfs /dev/sdc rw,logdev=/dev/loop0");
  disk_files_ = {"/journals/data.log", "memfd:x"};
  EXPECT_EQ(Frozen(), "/data / | /journals");
  disk_files_ = {"/data/x (deleted)"};
  EXPECT_EQ(Frozen(), "/journals / | /data");
}

TEST_F(PlanTest, ImagesOnEachOtherDoNotHangThePlan) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  Mount("2 1 7:0 / /a rw - ext4 /dev/loop0 rw");
  Mount("3 1 7:1 / /b rw - ext4 /dev/loop1 rw");
  backing_["/dev/loop0"].files = {"/b/x"};
  backing_["/dev/loop1"].files = {"/a/x", "/b/y"};
  EXPECT_EQ(Frozen(), "/ | /b | /a");
}

TEST_F(PlanTest, NothingToFreezeIsAnEmptyPlan) {
  EXPECT_EQ(Frozen(), "");
  Mount("1 0 0:1 / / rw - tmpfs tmpfs rw");
  EXPECT_EQ(Frozen(), "");
  EXPECT_EQ(SkippedLines(), "/ (tmpfs): in memory");
}

TEST_F(PlanTest, TwentyThousandMountsTakeNoTime) {
  Mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw");
  // Containers: an overlay, in it bind mounts of two disks, one on the other, and a tmpfs beside
  // it.
  for (int i = 4; i < 20000; i += 4) {
    const std::string path = absl::StrCat("/var/lib/containers/", i, "/a/b/c/d");
    Mount(absl::StrCat(i, " 1 0:", i, " / ", path, " rw - overlay overlay rw"));
    Mount(absl::StrCat(i + 1, " ", i, " 8:1 /x ", path, "/x rw - ext4 /dev/sda1 rw"));
    Mount(absl::StrCat(i + 2, " ", i + 1, " 8:2 / ", path, "/x/y rw - ext4 /dev/sdb1 rw"));
    Mount(absl::StrCat(i + 3, " 1 0:", i + 3, " / ", path, "-tmp rw - tmpfs tmpfs rw"));
  }
  Exclude("/**/never*");
  Exclude("/*/*/*/*/never");
  const Plan plan = Make();
  ASSERT_EQ(plan.freeze.size(), 1u);
  EXPECT_EQ(plan.freeze[0].place.path, "/");
  EXPECT_EQ(plan.freeze[0].also_at.size(), 4999u);
  EXPECT_EQ(calls_, 1);
  ASSERT_EQ(plan.skipped.size(), 1 + 4999u + 4999u);
  EXPECT_EQ(plan.skipped[0].reason,
            "only reached through /var/lib/containers/4/a/b/c/d, which may hang (overlay)");
}

}  // namespace
}  // namespace toolboxd::snapshotd
