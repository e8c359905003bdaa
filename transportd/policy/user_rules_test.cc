// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/user_rules.h"

#include "base/status.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

UserList List(std::initializer_list<const char*> entries) {
  UserList list;
  for (const char* entry : entries) list.Add(entry);
  return list;
}

bool Refused(const absl::Status& status) { return ReasonOf(status) == v1::DISABLED_BY_POLICY; }

TEST(UserRules, WithoutListsEveryonePasses) {
  EXPECT_TRUE(UserRules().Check("no such user").ok());
  EXPECT_TRUE(UserRules().is_simple());
}

TEST(UserRules, UsersAndGroupsAreAllowedAndDenied) {
  const UserRules only_root(List({"@root"}), {});
  EXPECT_FALSE(only_root.is_simple());
  EXPECT_TRUE(only_root.Check("root").ok());
  EXPECT_TRUE(Refused(only_root.Check("daemon")));
  EXPECT_TRUE(Refused(only_root.Check("no such user")));
  const UserRules not_root(List({"root", "@no such group"}), List({"@root"}));
  EXPECT_TRUE(Refused(not_root.Check("root")));
}

// A name that the database knows by another spelling, or that stands for another user now.
TEST(UserRules, UidOfTheLoginDecides) {
  const UserRules not_root({}, List({"root"}));
  EXPECT_TRUE(not_root.Check("daemon").ok());
  EXPECT_TRUE(Refused(not_root.Check("daemon", 0)));
}

TEST(UserRules, RefuseAllRefusesAll) {
  EXPECT_TRUE(Refused(UserRules::RefuseAll().Check("root", 0)));
  EXPECT_TRUE(UserRules::RefuseAll().is_simple());
}

}  // namespace
}  // namespace toolboxd
