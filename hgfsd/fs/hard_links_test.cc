// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/hard_links.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd::hgfsd {
namespace {

struct stat File(ino_t inode, nlink_t links) {
  struct stat st = {};
  st.st_dev = 1;
  st.st_ino = inode;
  st.st_nlink = links;
  return st;
}

TEST(HardLinks, LaterNamesReturnTheFirstOne) {
  HardLinks links;
  EXPECT_EQ(links.FirstName(File(1, 3), "a").name, "");
  EXPECT_EQ(links.FirstName(File(2, 2), "b").name, "");
  EXPECT_EQ(links.FirstName(File(1, 3), "c").name, "a");
  EXPECT_EQ(links.FirstName(File(2, 2), "d").name, "b");
  EXPECT_EQ(links.FirstName(File(1, 3), "e").name, "a");
  EXPECT_EQ(links.FirstName(File(3, 1), "f").name, "");
  EXPECT_EQ(links.bytes(), 0u);
}

TEST(HardLinks, LaterNamesReturnTheCopyOfTheFirstOne) {
  HardLinks links;
  links.FirstName(File(1, 2), "a");
  links.SetCopy(File(1, 2), File(7, 1));
  links.SetCopy(File(3, 1), File(8, 1));
  EXPECT_EQ(links.FirstName(File(1, 2), "b").inode, 7u);
}

TEST(HardLinks, SameInodeOfAnotherFileSystemIsAnotherFile) {
  HardLinks links;
  struct stat other = File(1, 2);
  other.st_dev = 2;
  EXPECT_EQ(links.FirstName(File(1, 2), "a").name, "");
  EXPECT_EQ(links.FirstName(other, "b").name, "");
}

// The other names may be outside of the tree, and are never seen then.
TEST(HardLinks, KeptNamesHaveALimit) {
  HardLinks links;
  const std::string directory(200, 'd');
  for (int i = 0; i < 200000; ++i) {
    EXPECT_EQ(links.FirstName(File(i, 2), absl::StrCat(directory, i)).name, "");
  }
  EXPECT_LE(links.bytes(), HardLinks::kMaxBytes);
  EXPECT_EQ(links.FirstName(File(0, 2), "again").name, absl::StrCat(directory, 0));
  // Beyond the limit each name is a file of its own.
  EXPECT_EQ(links.FirstName(File(199999, 2), "again").name, "");
}

}  // namespace
}  // namespace toolboxd::hgfsd
