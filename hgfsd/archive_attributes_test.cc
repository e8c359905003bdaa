// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_attributes.h"

#include <archive_entry.h>

#include <cstdint>
#include <memory>

#include "gtest/gtest.h"

namespace toolboxd::hgfsd {
namespace {

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

uid_t OwnerOf(OwnerNames& names, const char* name, int64_t number) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_uname(entry.get(), name);
  archive_entry_set_uid(entry.get(), number);
  return AttributesOf(entry.get(), names).uid;
}

TEST(ArchiveAttributes, NameThatTheGuestKnowsComesBeforeTheNumber) {
  OwnerNames names;
  EXPECT_EQ(OwnerOf(names, "root", 7), 0u);
  EXPECT_EQ(OwnerOf(names, "root", 8), 0u);
}

TEST(ArchiveAttributes, NumbersOfANameThatTheGuestDoesNotKnowEachCount) {
  OwnerNames names;
  EXPECT_EQ(OwnerOf(names, "none-of-this-name", 7), 7u);
  EXPECT_EQ(OwnerOf(names, "none-of-this-name", 8), 8u);
}

// 1 << 32 is 0, which is root, where it is cut to 32 bits.
TEST(ArchiveAttributes, NumberOutsideOfIdsStandsForNoOwner) {
  OwnerNames names;
  for (const int64_t number : {int64_t{1} << 32, (int64_t{1} << 32) + 7, INT64_MAX}) {
    EXPECT_EQ(OwnerOf(names, "", number), kNoOwner) << number;
    EXPECT_EQ(OwnerOf(names, "none-of-this-name", number), kNoOwner) << number;
  }
  EXPECT_EQ(OwnerOf(names, "", 0xfffffffe), 0xfffffffeu);
}

}  // namespace
}  // namespace toolboxd::hgfsd
