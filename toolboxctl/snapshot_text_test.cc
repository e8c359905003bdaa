// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_text.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

void Freeze(v1::QuiescePlan& plan, const std::string& path, const std::string& source) {
  v1::PlannedFileSystem& target = *plan.add_freeze();
  target.set_mount_point(path);
  target.set_type("ext4");
  target.set_source(source);
}

TEST(SnapshotText, PlanHasTheOrderAndTheReasons) {
  v1::QuiescePlan plan;
  Freeze(plan, "/srv/d\xc3\xa4ta", "/dev/mapper/vg-data");
  Freeze(plan, "/", "/dev/sda1");
  plan.mutable_freeze(1)->add_also_at("/jail/etc");
  plan.mutable_freeze(1)->add_also_at("/jail/var");
  plan.mutable_freeze(1)->set_more_also_at(14);
  v1::SkippedMount& skipped = *plan.add_skipped();
  skipped.set_mount_point("/boot/efi");
  skipped.set_type("vfat");
  skipped.set_reason("its type cannot be frozen");
  plan.set_more_skipped(3);
  EXPECT_EQ(PlanText(plan, {}),
            "freeze  mount point  type  device               also at\n"
            "1       /srv/d\xc3\xa4ta    ext4  /dev/mapper/vg-data\n"
            "2       /            ext4  /dev/sda1            /jail/etc, /jail/var, and 14 more\n"
            "\n"
            "skip       type  reason\n"
            "/boot/efi  vfat  its type cannot be frozen\n"
            "and 3 more\n");
}

TEST(SnapshotText, EmptyPlanSaysWhatASnapshotDoes) {
  v1::QuiescePlan plan;
  EXPECT_EQ(PlanText(plan, {}), "No file system can be frozen; a quiesced snapshot fails.\n");
  plan.set_sync_only(true);
  EXPECT_EQ(PlanText(plan, {}),
            "No file system can be frozen; sync_only permits a snapshot after a mere sync.\n");
}

TEST(SnapshotText, PathsOfOthersAreCutAndHarmlessOnATerminal) {
  v1::QuiescePlan plan;
  Freeze(plan, "/" + std::string(50, 'a'), "x");
  Freeze(plan, "/\x1b[2J", "y");
  EXPECT_EQ(PlanText(plan, {.width = 80}),
            "freeze  mount point                                   type  device  also at\n"
            "1       /" +
                std::string(42, 'a') +
                "…  ext4  x\n"
                "2       /?[2J                                         ext4  y\n");
  EXPECT_NE(PlanText(plan, {}).find("/" + std::string(50, 'a')), std::string::npos);
}

TEST(SnapshotText, TimesAreInMilliseconds) {
  v1::QuiesceUpdate::FileSystemsThawed thawed;
  thawed.set_frozen_us(15249);
  v1::FrozenFileSystem& frozen = *thawed.add_file_systems();
  frozen.set_mount_point("/");
  frozen.set_sync_us(1234567);
  frozen.set_freeze_us(851);
  frozen.set_thaw_us(0);
  EXPECT_EQ(ThawedText(thawed, {}),
            "mount point       sync  freeze    thaw\n"
            "/            1234.6 ms  0.9 ms  0.0 ms\n"
            "frozen for 15.2 ms\n");
  EXPECT_EQ(ThawedText({}, {}), "nothing was frozen\n");
}

TEST(SnapshotText, FailureHasItsMessage) {
  v1::QuiesceFailure failure;
  failure.set_kind(v1::QuiesceFailure::FREEZE_FAILED);
  EXPECT_EQ(FailureText(failure), "not every file system could be frozen; all are thawed");
  failure.set_message("FIFREEZE of /srv: Device or resource busy");
  EXPECT_EQ(FailureText(failure),
            "not every file system could be frozen; all are thawed: FIFREEZE of /srv: Device or "
            "resource busy");
  failure.set_kind(static_cast<v1::QuiesceFailure::Kind>(99));
  failure.set_message("new");
  EXPECT_EQ(FailureText(failure), "failed: new");
}

}  // namespace
}  // namespace toolboxd
