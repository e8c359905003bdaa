// SPDX-License-Identifier: Apache-2.0

#include "base/mountinfo.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
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

// A descriptor from which the text can be read, a few bytes at a time if it is a long one.
UniqueFd FileWith(const std::string& text) {
  UniqueFd file(memfd_create("mountinfo", MFD_CLOEXEC));
  EXPECT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  EXPECT_EQ(lseek(file.get(), 0, SEEK_SET), 0);
  return file;
}

MountTable TableOf(const std::string& text, const MountLimits& limits = {}) {
  const UniqueFd file = FileWith(text);
  const absl::StatusOr<MountTable> table = ReadMountTable(file.get(), limits);
  EXPECT_TRUE(table.ok());
  return table.value_or(MountTable());
}

std::string Line(int number, size_t path_size) {
  return absl::StrCat(number, " 2 8:1 / /", std::string(path_size, 'a'),
                      " rw - ext4 /dev/sda rw\n");
}

TEST(MountTable, LinesMayBeAnywhereInWhatIsRead) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += Line(i, static_cast<size_t>(i) * 13);
  text.pop_back();
  const MountTable table = TableOf(text);
  ASSERT_EQ(table.mounts.size(), 300u);
  for (uint32_t i = 0; i < 300; ++i) {
    EXPECT_EQ(table.mounts[i].id, i);
    EXPECT_EQ(table.mounts[i].mount_point.size(), i * 13 + 1);
  }
  EXPECT_TRUE(table.complete);
  EXPECT_EQ(table.malformed, 0u);
}

TEST(MountTable, MalformedLinesAreCounted) {
  const MountTable table = TableOf(Line(1, 1) + "no\033mount\n\n" + Line(2, 1) + "nor this");
  EXPECT_EQ(table.mounts.size(), 2u);
  EXPECT_EQ(table.malformed, 2u);
  EXPECT_EQ(table.first_malformed, "no\\x1bmount");
  EXPECT_TRUE(table.complete);
}

TEST(MountTable, LongLineIsMalformedAndTakesNoOtherWithIt) {
  for (const size_t size : {kMaxMountLine - 40, kMaxMountLine, 5 * kMaxMountLine}) {
    const MountTable table = TableOf(Line(1, 1) + Line(7, size) + Line(2, 1));
    ASSERT_GE(table.mounts.size(), 2u) << size;
    EXPECT_EQ(table.mounts.back().id, 2u);
    EXPECT_EQ(table.mounts.size() + table.malformed, 3u) << size;
    EXPECT_LE(table.first_malformed.size(), 100u);
  }
  EXPECT_EQ(TableOf(Line(7, 2 * kMaxMountLine)).malformed, 1u);
}

TEST(MountTable, LimitsCutIt) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += Line(i, 4000);
  const MountTable cut = TableOf(text);
  EXPECT_FALSE(cut.complete);
  EXPECT_LT(cut.mounts.size() * 4000, size_t{12} << 20);
  EXPECT_GT(cut.mounts.size(), 2000u);
  const MountTable few = TableOf(text, {.mounts = 3});
  EXPECT_FALSE(few.complete);
  EXPECT_EQ(few.mounts.size(), 3u);
}

TEST(MountTable, TwentyThousandMountsFit) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += Line(i, 200);
  EXPECT_TRUE(TableOf(text).complete);
}

TEST(MountTable, ErrorOfReadIsAnError) { EXPECT_FALSE(ReadMountTable(-1).ok()); }

TEST(MountTable, OwnTableIsRead) {
  const UniqueFd file(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  const absl::StatusOr<MountTable> table = ReadMountTable(file.get());
  ASSERT_TRUE(table.ok());
  EXPECT_GT(table->mounts.size(), 0u);
  EXPECT_EQ(table->malformed, 0u) << table->first_malformed;
}

TEST(MountTable, VisitorMayStop) {
  int visited = 0;
  const UniqueFd file = FileWith(Line(1, 1) + Line(2, 1) + Line(3, 1));
  EXPECT_TRUE(
      VisitMounts(file.get(), [&](const Mount*, absl::string_view) { return ++visited < 2; }).ok());
  EXPECT_EQ(visited, 2);
}

}  // namespace
}  // namespace toolboxd
