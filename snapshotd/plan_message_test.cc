// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/plan_message.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

Target TargetAt(const std::string& path) {
  Target target;
  target.place.path = path;
  target.type = "ext4";
  target.source = "/dev/sda1";
  return target;
}

TEST(PlanMessage, HasWhatThePlanHas) {
  Plan plan;
  plan.freeze.push_back(TargetAt("/"));
  plan.freeze[0].also_at = {"/srv/a", "/srv/b"};
  plan.freeze.push_back(TargetAt("/boot"));
  plan.freeze[1].with_previous = true;
  plan.skipped.push_back({"/tmp", "tmpfs", "in memory"});
  v1::SnapshotSettings settings;
  settings.set_sync_only(true);
  const v1::QuiescePlan message = ToMessage(plan, settings);
  EXPECT_TRUE(message.sync_only());
  ASSERT_EQ(message.freeze_size(), 2);
  EXPECT_EQ(message.freeze(0).mount_point(), "/");
  EXPECT_EQ(message.freeze(0).type(), "ext4");
  EXPECT_EQ(message.freeze(0).source(), "/dev/sda1");
  ASSERT_EQ(message.freeze(0).also_at_size(), 2);
  EXPECT_EQ(message.freeze(0).also_at(1), "/srv/b");
  EXPECT_EQ(message.freeze(0).more_also_at(), 0u);
  EXPECT_EQ(message.freeze(1).mount_point(), "/boot");
  EXPECT_FALSE(message.freeze(0).with_previous());
  EXPECT_TRUE(message.freeze(1).with_previous());
  ASSERT_EQ(message.skipped_size(), 1);
  EXPECT_EQ(message.skipped(0).mount_point(), "/tmp");
  EXPECT_EQ(message.skipped(0).type(), "tmpfs");
  EXPECT_EQ(message.skipped(0).reason(), "in memory");
  EXPECT_EQ(message.more_skipped(), 0u);
  EXPECT_FALSE(ToMessage(plan, v1::SnapshotSettings()).sync_only());
}

TEST(PlanMessage, TextIsPrintableAndShort) {
  Plan plan;
  plan.freeze.push_back(TargetAt("/a\xff\n\x1b[31m"));
  // An "ä" where it has to be cut.
  plan.freeze.push_back(TargetAt("/" + std::string(295, 'a') + "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"));
  const v1::QuiescePlan message = ToMessage(plan, {});
  EXPECT_EQ(message.freeze(0).mount_point(), "/a???[31m");
  EXPECT_EQ(message.freeze(1).mount_point(), "/" + std::string(295, 'a') + "...");
}

TEST(PlanMessage, FitsIntoAReply) {
  Plan plan;
  for (int i = 0; i < 300; ++i) {
    plan.freeze.push_back(TargetAt("/" + std::string(4000, 'f')));
    plan.freeze.back().source = std::string(4000, 's');
    plan.freeze.back().also_at.assign(100, "/" + std::string(4000, 'o'));
  }
  plan.skipped.assign(20000, {"/" + std::string(4000, 'm'), "fuse." + std::string(4000, 't'), "r"});
  const v1::QuiescePlan message = ToMessage(plan, {});
  EXPECT_LE(message.ByteSizeLong(), 256u * 1024);
  EXPECT_EQ(message.freeze_size(), 256);
  uint64_t also_at = 0;
  for (const v1::PlannedFileSystem& target : message.freeze()) {
    also_at += target.also_at_size() + target.more_also_at();
    EXPECT_LE(target.also_at_size(), 16);
  }
  EXPECT_EQ(also_at, 256u * 100);
  // Those that are too many to freeze among them.
  EXPECT_EQ(message.skipped_size() + message.more_skipped(), 20000u + 44);
}

TEST(PlanMessage, TooManyFileSystemsAreNamed) {
  Plan plan;
  for (int i = 0; i < 257; ++i) plan.freeze.push_back(TargetAt(absl::StrCat("/", i)));
  const v1::QuiescePlan message = ToMessage(plan, {});
  EXPECT_EQ(message.freeze_size(), 256);
  ASSERT_EQ(message.skipped_size(), 1);
  EXPECT_EQ(message.skipped(0).mount_point(), "/256");
  EXPECT_EQ(message.skipped(0).reason(), "no snapshot: more than 256 to freeze");
}

}  // namespace
}  // namespace toolboxd::snapshotd
