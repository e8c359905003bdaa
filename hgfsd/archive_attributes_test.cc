// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_attributes.h"

#include <archive_entry.h>
#include <grp.h>
#include <pwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace {

// Of the user database.
int g_questions = 0;

}  // namespace

// In place of libc's: the database has root, and user and group "own" of AsNobody().
extern "C" int getpwnam_r(const char* name, passwd* user, char*, size_t, passwd** found) {
  ++g_questions;
  const std::string asked = name;
  *user = {};
  user->pw_uid = asked == "root" ? 0 : 65534;
  *found = asked == "root" || asked == "own" ? user : nullptr;
  return 0;
}
extern "C" int getgrnam_r(const char* name, group* entry, char*, size_t, group** found) {
  ++g_questions;
  *entry = {};
  entry->gr_gid = 65534;
  *found = std::string(name) == "own" ? entry : nullptr;
  return 0;
}

namespace toolboxd::hgfsd {
namespace {

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

uid_t OwnerOf(OwnerNames& names, const char* name, int64_t number) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_uname(entry.get(), name);
  archive_entry_set_uid(entry.get(), number);
  return AttributesOf(entry.get(), names).uid;
}

MemberAttributes OfMode(mode_t mode) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_uname(entry.get(), "own");
  archive_entry_set_gname(entry.get(), "own");
  archive_entry_set_perm(entry.get(), mode);
  OwnerNames names;
  return AttributesOf(entry.get(), names);
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

// Y5 of tests/attacks/README.md: the database may be slow, and have to be asked for each member.
TEST(ArchiveAttributes, OwnersAreAskedForWhereTheyMatterOnly) {
  EXPECT_EQ(OfMode(0644).uid, 65534u);
  AsNobody([] {
    g_questions = 0;
    EXPECT_EQ(OfMode(0755).mode, 0755u);
    EXPECT_EQ(g_questions, 0);
    for (const mode_t mode : {04755, 02755}) {
      const MemberAttributes attributes = OfMode(mode);
      EXPECT_EQ(attributes.uid, 65534u);
      EXPECT_EQ(attributes.gid, 65534u);
    }
  });
}

}  // namespace
}  // namespace toolboxd::hgfsd
