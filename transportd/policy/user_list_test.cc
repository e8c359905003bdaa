// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/user_list.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

UserList List(std::initializer_list<const char*> entries) {
  UserList list;
  for (const char* entry : entries) list.Add(entry);
  return list;
}

TEST(UserList, EntriesAreUsersAndGroups) {
  EXPECT_EQ(IsListed(List({"daemon", "root"}), "root"), Listed::kYes);
  EXPECT_EQ(IsListed(List({"@daemon", "@root"}), "root"), Listed::kYes);
  EXPECT_EQ(IsListed(List({"daemon", "@daemon"}), "root"), Listed::kNo);
  EXPECT_EQ(IsListed(List({}), "root"), Listed::kNo);
}

TEST(UserList, UidOfALoginCounts) {
  EXPECT_EQ(IsListed(List({"daemon"}), "root", 1), Listed::kYes);
  EXPECT_EQ(IsListed(List({"daemon"}), "root", 0), Listed::kNo);
}

TEST(UserList, UnknownEntriesAreSkipped) {
  EXPECT_EQ(IsListed(List({"no such user", "@no such group", "", "@"}), "root"), Listed::kNo);
  EXPECT_EQ(IsListed(List({"root"}), "no such user"), Listed::kNo);
  EXPECT_EQ(IsListed(List({"no such user"}), "no such user"), Listed::kYes);
}

}  // namespace
}  // namespace toolboxd
