// SPDX-License-Identifier: Apache-2.0

#include "daemon/listen_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

void SetVariables(const std::string& count, const std::string& pid, const std::string& names) {
  setenv("LISTEN_FDS", count.c_str(), 1);
  setenv("LISTEN_PID", pid.c_str(), 1);
  setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

std::string OwnPid() { return absl::StrCat(getpid()); }

class ListenFdsTest : public testing::Test {
 protected:
  // Descriptors 3 and 4 are what systemd would have opened, 5 is not open.
  ListenFdsTest() {
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 3);
    dup2(null, 4);
    if (null > 4) close(null);
    close(5);
  }
};

TEST_F(ListenFdsTest, NamesBelongToDescriptorsInOrder) {
  SetVariables("2", OwnPid(), "power:other");
  absl::StatusOr<std::vector<InheritedSocket>> sockets = TakeListenFds();
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  ASSERT_EQ(sockets->size(), 2u);
  EXPECT_EQ((*sockets)[0].fd, 3);
  EXPECT_EQ((*sockets)[0].name, "power");
  EXPECT_EQ((*sockets)[1].fd, 4);
  EXPECT_EQ((*sockets)[1].name, "other");
  EXPECT_EQ(fcntl(3, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(getenv("LISTEN_FDS"), nullptr);
  EXPECT_EQ(getenv("LISTEN_PID"), nullptr);
  EXPECT_EQ(getenv("LISTEN_FDNAMES"), nullptr);
  EXPECT_TRUE(TakeListenFds()->empty());
}

TEST_F(ListenFdsTest, MissingNamesAreEmpty) {
  SetVariables("2", OwnPid(), "");
  EXPECT_EQ((*TakeListenFds())[1].name, "");
}

TEST_F(ListenFdsTest, VariablesOfAnotherProcessAreIgnored) {
  SetVariables("1", absl::StrCat(getpid() + 1), "power");
  EXPECT_TRUE(TakeListenFds()->empty());
  EXPECT_STREQ(getenv("LISTEN_FDS"), "1");
}

TEST_F(ListenFdsTest, WrongValuesAreErrors) {
  for (const char* wrong : {"x", "-1", "65", "1000000000000"}) {
    SetVariables(wrong, OwnPid(), "");
    EXPECT_EQ(TakeListenFds().status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
  SetVariables("1", "x", "");
  EXPECT_FALSE(TakeListenFds().ok());
  SetVariables("3", OwnPid(), "");
  EXPECT_EQ(TakeListenFds().status().message(), "LISTEN_FDS is 3, but descriptor 5 is not open");
}

}  // namespace
}  // namespace toolboxd
