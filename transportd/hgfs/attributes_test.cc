// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/attributes.h"

#include <limits>

#include "gtest/gtest.h"

namespace toolboxd::hgfs {
namespace {

constexpr int64_t kSecond = 1000000000;

TEST(NtTime, ConvertsBetweenEpochs) {
  EXPECT_EQ(ToNtTime(0), 116444736000000000u);
  EXPECT_EQ(FromNtTime(116444736000000000u), 0);
  EXPECT_EQ(FromNtTime(ToNtTime(1795408876 * kSecond)), 1795408876 * kSecond);
  EXPECT_EQ(FromNtTime(ToNtTime(-kSecond)), -kSecond);
}

TEST(NtTime, OutOfRangeSaturates) {
  EXPECT_EQ(FromNtTime(std::numeric_limits<uint64_t>::max()), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(FromNtTime(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(FromNtTime(std::numeric_limits<int64_t>::max()), std::numeric_limits<int64_t>::max());
}

TEST(HgfsAttributes, FileInfoFillsWhatVmtoolsdFills) {
  v1::FileInfo file;
  file.set_type(v1::REGULAR);
  file.set_size(198);
  file.set_mode(0104644);
  file.set_effective_permissions(4);
  const Attributes attributes = FromFileInfo(file);
  // All that vmtoolsd fills, but its flags.
  EXPECT_EQ(attributes.mask | kMaskFlags, 0x2FFFFu);
  EXPECT_EQ(attributes.size, 198u);
  EXPECT_EQ(attributes.special, 4);
  EXPECT_EQ(attributes.owner, 6);
  EXPECT_EQ(attributes.group, 4);
  EXPECT_EQ(attributes.other, 4);
  EXPECT_EQ(attributes.effective, 4u);
}

TEST(HgfsAttributes, EmptyMaskChangesNothing) {
  const v1::FileAttributes changes = ToFileAttributes(Attributes(), 0, 0644, 5);
  EXPECT_EQ(changes.ByteSizeLong(), 0u);
}

TEST(HgfsAttributes, PermissionsOfOneClassKeepTheOthers) {
  Attributes attributes;
  attributes.mask = kMaskOwnerPermissions;
  attributes.owner = 7;
  EXPECT_EQ(ToFileAttributes(attributes, 0, 04644, 0).permissions(), 04744u);
}

TEST(HgfsAttributes, TimeWithoutItsHintIsNow) {
  Attributes attributes;
  attributes.mask = kMaskAccessTime | kMaskWriteTime;
  attributes.access_time = ToNtTime(100 * kSecond);
  attributes.write_time = ToNtTime(200 * kSecond);
  const v1::FileAttributes changes =
      ToFileAttributes(attributes, kHintSetWriteTime, 0, 300 * kSecond);
  EXPECT_EQ(changes.access_time(), 300 * kSecond);
  EXPECT_EQ(changes.modification_time(), 200 * kSecond);
}

}  // namespace
}  // namespace toolboxd::hgfs
