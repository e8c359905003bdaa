// SPDX-License-Identifier: Apache-2.0

#include "session/user.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/memory.h"

namespace toolboxd::session {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

TEST(User, RootIsFoundByNameAndByUid) {
  ASSERT_TRUE(FindUser("root").has_value());
  EXPECT_EQ(FindUser("root")->uid, 0u);
  EXPECT_EQ(FindUser(uid_t{0})->name, "root");
  EXPECT_FALSE(FindUser("no-such-user-here").has_value());
}

TEST(User, EnvironmentIsExact) {
  const User alice{"alice", 1001, 1001, "/home/alice", "/bin/bash"};
  EXPECT_THAT(Environment(alice, {}, "/run/x"),
              ElementsAre("HOME=/home/alice", "USER=alice", "LOGNAME=alice", "SHELL=/bin/bash",
                          StartsWith("PATH=/usr/local/bin:"), kMemoryVariable,
                          "TOOLBOXD_RUNTIME_DIR=/run/x"));
}

TEST(User, DaemonsAreKnownByTheirNames) {
  EXPECT_TRUE(IsServiceUser({"toolboxd-transport", 990, 990, "/", "/bin/sh"}));
  EXPECT_TRUE(IsServiceUser({"toolboxd-later", 990, 990, "/", "/bin/sh"}));
  EXPECT_FALSE(IsServiceUser({"toolboxd", 990, 990, "/", "/bin/sh"}));
  EXPECT_FALSE(IsServiceUser(*FindUser("root")));
}

TEST(User, EnvironmentOfAServiceWithoutADirectoryDoesNotNameOne) {
  const User alice{"alice", 1001, 1001, "/home/alice", "/bin/bash"};
  EXPECT_THAT(Environment(alice, {}, ""), testing::SizeIs(6));
}

TEST(User, PamOverridesAndAddsButNotTheRuntimeDirectory) {
  const User root{"root", 0, 0, "/root", "/bin/sh"};
  EXPECT_THAT(Environment(root, {"LANG=C", "PATH=/opt", "nonsense", "TOOLBOXD_RUNTIME_DIR=/evil"},
                          "/run/x"),
              ElementsAre("HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh", "PATH=/opt",
                          kMemoryVariable, "LANG=C", "TOOLBOXD_RUNTIME_DIR=/run/x"));
}

TEST(User, AdministratorsWordAboutMemoryStands) {
  const User alice{"alice", 1001, 1001, "/home/alice", "/bin/bash"};
  const std::string own = "GLIBC_TUNABLES=glibc.malloc.check=3";
  const std::vector<std::string> environment = Environment(alice, {own}, "");
  EXPECT_THAT(environment, Contains(own));
  EXPECT_THAT(environment, Not(Contains(std::string(kMemoryVariable))));
}

}  // namespace
}  // namespace toolboxd::session
