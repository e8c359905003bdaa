// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/netlink.h"

#include <poll.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "guestinfod/testing/namespaces.h"

namespace toolboxd::guestinfod {
namespace {

using ::std::string_literals::operator""s;

class NetlinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(EnterNamespaces()) << "this test needs root";
    ASSERT_TRUE(AddInterface());
  }

  static bool WaitFor(const Netlink& netlink, int milliseconds) {
    pollfd fd = {netlink.fd(), POLLIN, 0};
    return poll(&fd, 1, milliseconds) == 1;
  }
};

TEST_F(NetlinkTest, DumpSeesTheNamespace) {
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  ASSERT_TRUE(Ip("addr add 2001:db8::5/64 dev nic0 nodad"));
  ASSERT_TRUE(Ip("route add default via 192.0.2.1 metric 7"));
  Netlink netlink = Netlink::Open().value();
  const NetworkState state = netlink.Dump(nullptr).value();

  int32_t index = 0;
  for (const Link& link : state.links) {
    if (link.name == "nic0") index = link.index;
  }
  ASSERT_NE(index, 0);
  ASSERT_EQ(state.addresses.size(), 2u);
  EXPECT_EQ(state.addresses[0].bytes, "\xc0\0\2\5"s);
  EXPECT_EQ(state.addresses[0].prefix_length, 24);
  EXPECT_EQ(state.addresses[1].bytes.size(), 16u);
  ASSERT_GE(state.routes.size(), 3u);
  EXPECT_EQ(state.routes[0].prefix_length, 0);
  EXPECT_EQ(state.routes[0].gateway, "\xc0\0\2\1"s);
  EXPECT_EQ(state.routes[0].metric, 7u);
  EXPECT_EQ(state.routes[0].index, index);
}

TEST_F(NetlinkTest, ChangesAreReported) {
  Netlink netlink = Netlink::Open().value();
  EXPECT_FALSE(netlink.Drain());
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  EXPECT_TRUE(WaitFor(netlink, 1000));
  EXPECT_TRUE(netlink.Drain());
  EXPECT_FALSE(WaitFor(netlink, 0));
}

TEST_F(NetlinkTest, OtherTablesAreIgnored) {
  ASSERT_TRUE(Ip("addr add 192.0.2.5/24 dev nic0"));
  Netlink netlink = Netlink::Open().value();
  ASSERT_TRUE(Ip("route add 198.51.100.0/24 via 192.0.2.1 table 99"));
  EXPECT_TRUE(WaitFor(netlink, 1000));
  EXPECT_FALSE(netlink.Drain());
}

TEST_F(NetlinkTest, LostMessagesCountAsAChange) {
  const std::string batch = ::testing::TempDir() + "batch";
  {
    std::ofstream file(batch);
    for (int i = 0; i < 4000; ++i) {
      file << absl::StrCat("addr add 10.", i / 250, ".", i % 250, ".1/32 dev nic0\n");
    }
  }
  Netlink netlink = Netlink::Open().value();
  ASSERT_TRUE(Ip("-batch " + batch));
  EXPECT_TRUE(netlink.Drain());
  EXPECT_EQ(netlink.Dump(nullptr)->addresses.size(), 4000u);
  EXPECT_FALSE(netlink.Drain());
}

}  // namespace
}  // namespace toolboxd::guestinfod
