// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/mount_tree.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

// "ID:visible" or "ID:hidden" of each mount, and "<ID" of the one that it is reached through.
std::string Describe(const std::string& table) {
  const std::vector<Mount> mounts = ParseMountInfo(table);
  const std::vector<Reach> reach = ReachOf(mounts);
  EXPECT_EQ(reach.size(), mounts.size());
  std::string text;
  for (size_t i = 0; i < reach.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : " ", mounts[i].id, reach[i].visible ? "+" : "-");
    if (reach[i].through) absl::StrAppend(&text, "<", mounts[*reach[i].through].id);
  }
  return text;
}

std::string Line(int id, int parent, absl::string_view path, absl::string_view type = "ext4") {
  return absl::StrCat(id, " ", parent, " 8:", id, " / ", path, " rw - ", type, " /dev/x rw\n");
}

TEST(MountTree, MountsWithoutOthersOverThemAreVisible) {
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/a") + Line(3, 2, "/a/b") + Line(4, 1, "/ab")),
            "1+ 2+ 3+ 4+");
}

TEST(MountTree, MountOnTheSamePathHides) {
  // 3 is on 2.
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/a") + Line(3, 2, "/a")), "1+ 2- 3+");
  // What was below 2 before cannot be reached any more, what is below 3 can.
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/a") + Line(4, 2, "/a/b") + Line(3, 2, "/a") +
                     Line(5, 3, "/a/b")),
            "1+ 2- 4- 3+ 5+");
}

TEST(MountTree, MountOnAFolderAboveHides) {
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/a/b") + Line(3, 2, "/a/b/c") +
                     Line(4, 1, "/a") + Line(5, 1, "/a!") + Line(6, 1, "/a-b/c")),
            "1+ 2- 3- 4+ 5+ 6+");
}

TEST(MountTree, MountOnTheRootDirectoryHidesNothing) {
  // A look-up starts below it, and so does not see what is in it either.
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/a") + Line(3, 1, "/") + Line(4, 3, "/b")),
            "1+ 2+ 3- 4-");
}

TEST(MountTree, MissingParentMeansTheRootDirectory) {
  EXPECT_EQ(Describe(Line(2, 77, "/a") + Line(1, 1, "/") + Line(3, 78, "/a/b")), "2+ 1+ 3-");
  EXPECT_EQ(Describe(""), "");
}

TEST(MountTree, CircleOfParentsIsHidden) {
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 3, "/a") + Line(3, 2, "/b")), "1+ 2- 3-");
}

TEST(MountTree, DoubleIdsDoNoHarm) {
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/a") + Line(2, 1, "/b") + Line(3, 2, "/a/c")),
            "1+ 2+ 2+ 3+");
}

TEST(MountTree, WayThroughWhatMayHangIsKnown) {
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/net", "nfs4") + Line(3, 2, "/net/a") +
                     Line(4, 3, "/net/a/b") + Line(5, 1, "/auto", "autofs") +
                     Line(6, 5, "/auto/x", "nfs") + Line(7, 6, "/auto/x/y", "ext4")),
            "1+ 2+ 3+<2 4+<2 5+ 6+<5 7+<5");
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/o", "overlay") + Line(3, 2, "/o/a") +
                     Line(4, 1, "/f", "fuse.x") + Line(5, 4, "/f/a") + Line(6, 1, "/t", "tmpfs") +
                     Line(7, 6, "/t/a")),
            "1+ 2+ 3+<2 4+ 5+<4 6+ 7+");
}

TEST(MountTree, MountOverAnAutomounterIsReachedWithoutAskingIt) {
  // As systemd's automount units have it.
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/srv", "autofs") + Line(3, 2, "/srv") +
                     Line(4, 3, "/srv/a")),
            "1+ 2- 3+ 4+");
  EXPECT_EQ(Describe(Line(1, 0, "/") + Line(2, 1, "/f", "fuse") + Line(3, 2, "/f/a", "autofs") +
                     Line(4, 3, "/f/a")),
            "1+ 2+ 3-<2 4+<2");
}

TEST(MountTree, RootDirectoryMayBeElsewhere) {
  EXPECT_EQ(Describe(Line(1, 0, "/", "nfs4") + Line(2, 1, "/a")), "1+ 2+");
  EXPECT_EQ(Describe(Line(1, 0, "/", "overlay") + Line(2, 1, "/a")), "1+ 2+");
}

TEST(MountTree, PathsCompareByNames) {
  EXPECT_TRUE(IsAtOrBelow("/a", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a/b", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a", "/"));
  EXPECT_TRUE(IsAtOrBelow("/", "/"));
  EXPECT_FALSE(IsAtOrBelow("/ab", "/a"));
  EXPECT_FALSE(IsAtOrBelow("/", "/a"));
}

TEST(MountTree, DeepChainsAreWalkedWithoutRecursion) {
  std::string table;
  for (int i = 1; i <= 20000; ++i) table += Line(i, i - 1, "/a");
  const std::vector<Reach> reach = ReachOf(ParseMountInfo(table));
  ASSERT_EQ(reach.size(), 20000u);
  for (size_t i = 0; i < reach.size(); ++i) EXPECT_EQ(reach[i].visible, i + 1 == reach.size());
}

}  // namespace
}  // namespace toolboxd::snapshotd
