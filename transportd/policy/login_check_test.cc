// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/login_check.h"

#include <fstream>
#include <string>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

bool Permits(const std::string& policy, const std::string& user) {
  ShortTempDir dir;
  std::ofstream(dir.File("policy")) << policy;
  const PolicyStore store(dir.File("policy"));
  return CheckLogin(store, user).ok();
}

TEST(LoginCheck, PolicyThatRestrictsNothingPermitsEveryUser) {
  EXPECT_TRUE(Permits("", "root"));
  EXPECT_TRUE(Permits("http_destinations: '*:443'", "root"));
  const PolicyStore missing("/nonexistent/policy");
  EXPECT_TRUE(CheckLogin(missing, "root").ok());
}

TEST(LoginCheck, UsersAreThoseOfThePolicy) {
  EXPECT_FALSE(Permits("deny: 'root'", "root"));
  EXPECT_TRUE(Permits("deny: 'daemon'", "root"));
  EXPECT_TRUE(Permits("allow: 'root'", "root"));
  EXPECT_FALSE(Permits("allow: 'root'", "daemon"));
}

TEST(LoginCheck, PolicyThatRestrictsOperationsPermitsNoUser) {
  EXPECT_FALSE(Permits("disable_guest_operations: true", "root"));
  EXPECT_FALSE(Permits("disabled_operations: 'ListFilesInGuest'", "root"));
  EXPECT_FALSE(Permits("programs: '/usr/bin/uptime'", "root"));
  EXPECT_FALSE(Permits("a broken file", "root"));
}

}  // namespace
}  // namespace toolboxd
