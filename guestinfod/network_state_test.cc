// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/network_state.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "guestinfod/testing/rtnetlink.h"

namespace toolboxd::guestinfod {
namespace {

using ::std::string_literals::operator""s;

std::string LinkMessage() {
  ifinfomsg header{};
  header.ifi_index = 2;
  header.ifi_type = ARPHRD_ETHER;
  header.ifi_flags = IFF_UP;
  return Message(RTM_NEWLINK, Bytes(header) + Attribute(IFLA_IFNAME, "ens192\0"s) +
                                  Attribute(IFLA_ADDRESS, "\0\x50\x56\xaa\xbb\xcc"s));
}

std::string RouteMessage(uint32_t table, uint8_t type, const std::string& attributes) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_table = static_cast<uint8_t>(table);
  header.rtm_type = type;
  return Message(RTM_NEWROUTE, Bytes(header) + attributes);
}

TEST(NetworkDump, LinkIsParsed) {
  NetworkState state;
  EXPECT_FALSE(*AddDump(LinkMessage(), 7, state));
  ASSERT_EQ(state.links.size(), 1u);
  EXPECT_EQ(state.links[0].index, 2);
  EXPECT_EQ(state.links[0].name, "ens192");
  EXPECT_EQ(state.links[0].hardware_address, "\0\x50\x56\xaa\xbb\xcc"s);
}

TEST(NetworkDump, StackOfLinksIsParsed) {
  NetworkState state;
  ASSERT_TRUE(AddDump(Record({.index = 5, .name = "bond0.7", .kind = "vlan", .lower = 4}) +
                          Record({.index = 2, .name = "ens192", .master = 4, .mac = 9}),
                      7, state)
                  .ok());
  ASSERT_EQ(state.links.size(), 2u);
  EXPECT_EQ(state.links[0].kind, "vlan");
  EXPECT_EQ(state.links[0].lower, 4);
  EXPECT_EQ(state.links[1].kind, "");
  EXPECT_EQ(state.links[1].master, 4);
  EXPECT_EQ(state.links[1].hardware_address, MacBytes(9));
  EXPECT_EQ(state.links[1].permanent_address, MacBytes(2));
}

TEST(NetworkDump, LinkOnOneOfAnotherNamespaceIsOnNone) {
  ifinfomsg header{};
  header.ifi_index = 3;
  for (const bool elsewhere_first : {false, true}) {
    const std::string elsewhere = Attribute(IFLA_LINK_NETNSID, Bytes(int32_t{0}));
    const std::string lower = Attribute(IFLA_LINK, Bytes(int32_t{2}));
    NetworkState state;
    ASSERT_TRUE(AddDump(Message(RTM_NEWLINK, Bytes(header) + (elsewhere_first ? elsewhere + lower
                                                                              : lower + elsewhere)),
                        7, state)
                    .ok());
    EXPECT_EQ(state.links[0].lower, 0);
  }
}

TEST(NetworkDump, OnlyWhatIsWantedIsKept) {
  NetworkState state;
  state.wants = [](const Link& link) { return link.name != "veth1"; };
  state.only = {2};
  const std::string address = "\x0a\0\0\1"s;
  ASSERT_TRUE(AddDump(Record({.index = 2, .name = "ens192"}) +
                          Record({.index = 3, .name = "veth1"}) + AddressRecord(2, address, 0, 24) +
                          AddressRecord(3, address, 0, 24) + DefaultRouteRecord(3, address, 0) +
                          DefaultRouteRecord(2, address, 5),
                      7, state)
                  .ok());
  EXPECT_EQ(state.links.size(), 1u);
  ASSERT_EQ(state.addresses.size(), 1u);
  EXPECT_EQ(state.addresses[0].index, 2);
  ASSERT_EQ(state.routes.size(), 1u);
  EXPECT_EQ(state.routes[0].index, 2);
}

TEST(NetworkDump, VirtualLinksLeaveHardwareItsPlaces) {
  NetworkState state;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(AddDump(Record({.index = 10 + i, .name = "x", .kind = "dummy"}), 7, state).ok());
  }
  EXPECT_EQ(state.links.size(), 4096u);
  ASSERT_TRUE(AddDump(Record({.index = 2, .name = "ens192"}), 7, state).ok());
  EXPECT_EQ(state.links.back().name, "ens192");
}

TEST(NetworkDump, AddressPrefersTheLocalEndAndTheWideFlags) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 24;
  header.ifa_index = 2;
  NetworkState state;
  EXPECT_FALSE(*AddDump(Message(RTM_NEWADDR, Bytes(header) + Attribute(IFA_ADDRESS, "\x0a\0\0\1"s) +
                                                 Attribute(IFA_LOCAL, "\x0a\0\0\5"s) +
                                                 Attribute(IFA_FLAGS, Bytes(uint32_t{0x280}))),
                        7, state));
  ASSERT_EQ(state.addresses.size(), 1u);
  EXPECT_EQ(state.addresses[0].bytes, "\x0a\0\0\5"s);
  EXPECT_EQ(state.addresses[0].flags, 0x280u);
}

TEST(NetworkDump, AddressOfWrongSizeIsSkipped) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET6;
  NetworkState state;
  EXPECT_FALSE(*AddDump(Message(RTM_NEWADDR, Bytes(header) + Attribute(IFA_ADDRESS, "\x0a\0\0\1"s)),
                        7, state));
  EXPECT_TRUE(state.addresses.empty());
}

TEST(NetworkDump, DefaultRouteIsParsed) {
  NetworkState state;
  EXPECT_FALSE(*AddDump(
      RouteMessage(RT_TABLE_MAIN, RTN_UNICAST,
                   Attribute(RTA_GATEWAY, "\x0a\0\0\1"s) + Attribute(RTA_OIF, Bytes(int32_t{2})) +
                       Attribute(RTA_PRIORITY, Bytes(uint32_t{100}))),
      7, state));
  ASSERT_EQ(state.routes.size(), 1u);
  EXPECT_EQ(state.routes[0].destination, "\0\0\0\0"s);
  EXPECT_EQ(state.routes[0].gateway, "\x0a\0\0\1"s);
  EXPECT_EQ(state.routes[0].index, 2);
  EXPECT_EQ(state.routes[0].metric, 100u);
}

TEST(NetworkDump, MultipathRouteBecomesSeveralRoutes) {
  const std::string hop =
      Bytes(rtnexthop{sizeof(rtnexthop) + 8, 0, 0, 3}) + Attribute(RTA_GATEWAY, "\x0a\0\0\1"s);
  NetworkState state;
  EXPECT_FALSE(*AddDump(
      RouteMessage(RT_TABLE_MAIN, RTN_UNICAST, Attribute(RTA_MULTIPATH, hop + hop)), 7, state));
  ASSERT_EQ(state.routes.size(), 2u);
  EXPECT_EQ(state.routes[1].index, 3);
  EXPECT_EQ(state.routes[1].gateway, "\x0a\0\0\1"s);
}

TEST(NetworkDump, OtherTablesAndTypesAreSkipped) {
  NetworkState state;
  EXPECT_TRUE(AddDump(RouteMessage(RT_TABLE_LOCAL, RTN_UNICAST, "") +
                          RouteMessage(RT_TABLE_MAIN, RTN_BLACKHOLE, "") +
                          RouteMessage(RT_TABLE_MAIN, RTN_UNICAST,
                                       Attribute(RTA_TABLE, Bytes(uint32_t{1000}))),
                      7, state)
                  .ok());
  EXPECT_TRUE(state.routes.empty());
}

TEST(NetworkDump, DoneMessageEndsIt) {
  NetworkState state;
  EXPECT_TRUE(*AddDump(LinkMessage() + Message(NLMSG_DONE, "\0\0\0\0"s), 7, state));
  EXPECT_EQ(state.links.size(), 1u);
}

TEST(NetworkDump, OtherSequenceNumbersAreSkipped) {
  NetworkState state;
  EXPECT_FALSE(*AddDump(LinkMessage() + Message(NLMSG_DONE, "\0\0\0\0"s), 8, state));
  EXPECT_TRUE(state.links.empty());
}

TEST(NetworkDump, ErrorsWithUnusualNumbersAreReported) {
  for (const int number : {0, 1, std::numeric_limits<int>::min()}) {
    NetworkState state;
    nlmsgerr error{};
    error.error = number;
    EXPECT_FALSE(AddDump(Message(NLMSG_ERROR, Bytes(error)), 7, state).ok()) << number;
  }
}

TEST(NetworkDump, ErrorsAreReported) {
  NetworkState state;
  nlmsgerr error{};
  error.error = -EPERM;
  EXPECT_EQ(AddDump(Message(NLMSG_ERROR, Bytes(error)), 7, state).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(NetworkDump, InconsistencyIsReported) {
  NetworkState state;
  EXPECT_TRUE(*AddDump(Message(NLMSG_DONE, ""), 7, state));
  EXPECT_TRUE(state.consistent);
  EXPECT_TRUE(*AddDump(Message(NLMSG_DONE, "", NLM_F_MULTI | NLM_F_DUMP_INTR), 7, state));
  EXPECT_FALSE(state.consistent);
}

TEST(NetworkDump, TruncationsAreHarmless) {
  const std::string whole = LinkMessage() + RouteMessage(RT_TABLE_MAIN, RTN_UNICAST,
                                                         Attribute(RTA_GATEWAY, "\x0a\0\0\1"s));
  for (size_t size = 0; size < whole.size(); ++size) {
    NetworkState state;
    EXPECT_TRUE(AddDump(absl::string_view(whole).substr(0, size), 7, state).ok());
    EXPECT_LE(state.links.size() + state.routes.size(), 1u);
  }
}

TEST(NetworkNotice, OnlyLinksAddressesAndMainRoutesAreChanges) {
  EXPECT_TRUE(IsRelevantNotice(LinkMessage()));
  EXPECT_TRUE(IsRelevantNotice(Message(RTM_DELADDR, "")));
  EXPECT_TRUE(IsRelevantNotice(RouteMessage(RT_TABLE_MAIN, RTN_UNICAST, "")));
  EXPECT_FALSE(IsRelevantNotice(RouteMessage(RT_TABLE_LOCAL, RTN_LOCAL, "")));
  EXPECT_FALSE(IsRelevantNotice(Message(RTM_NEWNEIGH, "")));
  EXPECT_FALSE(IsRelevantNotice(""));
}

TEST(NetworkDump, LinksAddressesAndRoutesAreBounded) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  const std::string address =
      Message(RTM_NEWADDR, Bytes(header) + Attribute(IFA_ADDRESS, "\x0a\0\0\1"s));
  const std::string route =
      RouteMessage(RT_TABLE_MAIN, RTN_UNICAST, Attribute(RTA_OIF, Bytes(int32_t{2})));
  NetworkState state;
  for (size_t i = 0; i < kMaxAddresses + 10; ++i) {
    ASSERT_TRUE(AddDump(address + LinkMessage() + route, 7, state).ok());
  }
  EXPECT_EQ(state.links.size(), 4096u);
  EXPECT_EQ(state.addresses.size(), 32768u);
  EXPECT_EQ(state.routes.size(), 4096u);
}

}  // namespace
}  // namespace toolboxd::guestinfod
