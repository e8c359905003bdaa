// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/network.h"

#include <linux/if_addr.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <set>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

using ::std::string_literals::operator""s;

using Names = std::vector<std::string>;

// A guest that is put together line by line.
class NetworkTest : public ::testing::Test {
 protected:
  int32_t AddLink(const std::string& name, bool hardware) {
    Link link;
    link.index = static_cast<int32_t>(state_.links.size()) + 1;
    link.type = ARPHRD_ETHER;
    link.flags = IFF_UP | IFF_RUNNING;
    link.name = name;
    link.hardware_address = "\0\x50\x56\xaa\xbb"s + static_cast<char>(link.index);
    state_.links.push_back(link);
    if (hardware) hardware_.insert(name);
    return link.index;
  }

  Address& AddAddress(int32_t index, const std::string& bytes, uint32_t flags = IFA_F_PERMANENT) {
    Address address;
    address.index = index;
    address.bytes = bytes;
    address.prefix_length = bytes.size() == 4 ? 24 : 64;
    address.flags = flags;
    state_.addresses.push_back(address);
    return state_.addresses.back();
  }

  void AddDefaultRoute(int32_t index, uint32_t metric, size_t size = 4) {
    RouteEntry route;
    route.index = index;
    route.destination.assign(size, '\0');
    route.gateway = std::string(size - 1, '\x0a') + '\1';
    route.metric = metric;
    state_.routes.push_back(route);
  }

  v1::GuestInfoSnapshot Fill() {
    v1::GuestInfoSnapshot snapshot;
    FillNetwork(
        state_, options_, [this](const std::string& name) { return hardware_.count(name) > 0; },
        snapshot);
    return snapshot;
  }

  Names InterfaceNames() {
    Names names;
    const v1::GuestInfoSnapshot snapshot = Fill();
    for (const auto& nic : snapshot.interfaces()) names.push_back(nic.name());
    return names;
  }

  NetworkState state_;
  NetworkOptions options_ = DefaultNetworkOptions();
  std::set<std::string> hardware_;
};

const std::string kA = "\x0a\0\0\5"s;
const std::string kB = "\x0a\0\1\5"s;
const std::string kLinkLocal6 = "\xfe\x80"s + std::string(13, '\0') + "\1"s;
const std::string kGlobal6 = "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\1"s;

TEST_F(NetworkTest, HardwareComesFirstAndContainersLast) {
  AddAddress(AddLink("cni0", false), kB);
  AddAddress(AddLink("dummy0", false), kB);
  AddLink("ens224", true);
  AddAddress(AddLink("ens192", true), kA);
  EXPECT_EQ(InterfaceNames(), (Names{"ens192", "ens224", "dummy0", "cni0"}));
}

TEST_F(NetworkTest, PreferredInterfacesComeFirstInTheirOrder) {
  AddAddress(AddLink("ens192", true), kA);
  AddAddress(AddLink("cni0", false), kB);
  AddAddress(AddLink("ens224", true), kB);
  options_.preferred = {"cni*", "ens2*"};
  EXPECT_EQ(InterfaceNames(), (Names{"cni0", "ens224", "ens192"}));
  EXPECT_EQ(Fill().primary_address(), "10.0.1.5");
}

TEST_F(NetworkTest, ExcludedLoopbackAndBareVirtualInterfacesAreLeftOut) {
  AddAddress(AddLink("docker0", false), kA);
  AddAddress(AddLink("vethX", false), kA);
  AddLink("ifb0", false);
  AddAddress(AddLink("lo", false), "\x7f\0\0\1"s);
  state_.links.back().type = ARPHRD_LOOPBACK;
  AddAddress(AddLink("tun0", false), kA);
  state_.links.back().type = ARPHRD_NONE;
  EXPECT_EQ(InterfaceNames(), Names{});
  EXPECT_EQ(Fill().primary_address(), "");
  options_.excluded.clear();
  EXPECT_EQ(InterfaceNames(), (Names{"docker0", "vethX"}));
}

TEST_F(NetworkTest, InterfacesAreLimitedToSixteen) {
  for (int i = 0; i < 20; ++i) AddLink("ens" + std::to_string(i), true);
  EXPECT_EQ(Fill().interfaces_size(), 16);
}

TEST_F(NetworkTest, AddressesAreDescribed) {
  const int32_t index = AddLink("ens192", true);
  AddAddress(index, kLinkLocal6);
  AddAddress(index, kA, 0);
  AddAddress(index, kGlobal6, IFA_F_TEMPORARY | IFA_F_DEPRECATED);
  AddAddress(index, kGlobal6, 0).prefix_length = 128;
  AddAddress(index, kGlobal6, IFA_F_PERMANENT | IFA_F_TENTATIVE);
  AddAddress(index, "\x20\1\x0d\xb8\0\0\0\0\x02\x50\x56\xff\xfe\xaa\xbb\1"s, 0);
  const v1::NetworkInterface nic = Fill().interfaces(0);
  EXPECT_EQ(nic.mac_address(), "00:50:56:aa:bb:01");
  EXPECT_EQ(nic.index(), 1u);
  EXPECT_TRUE(nic.dhcp4());
  EXPECT_TRUE(nic.dhcp6());
  ASSERT_EQ(nic.addresses_size(), 6);
  EXPECT_EQ(nic.addresses(0).address(), "10.0.0.5");
  EXPECT_EQ(nic.addresses(0).prefix_length(), 24u);
  EXPECT_EQ(nic.addresses(0).origin(), v1::InterfaceAddress::DHCP);
  EXPECT_EQ(nic.addresses(0).status(), v1::InterfaceAddress::PREFERRED);
  EXPECT_EQ(nic.addresses(1).prefix_length(), 128u);
  EXPECT_EQ(nic.addresses(1).origin(), v1::InterfaceAddress::DHCP);
  EXPECT_EQ(nic.addresses(2).origin(), v1::InterfaceAddress::LINK_LAYER);
  EXPECT_EQ(nic.addresses(3).origin(), v1::InterfaceAddress::MANUAL);
  EXPECT_EQ(nic.addresses(3).status(), v1::InterfaceAddress::TENTATIVE);
  EXPECT_EQ(nic.addresses(4).origin(), v1::InterfaceAddress::RANDOM);
  EXPECT_EQ(nic.addresses(4).status(), v1::InterfaceAddress::DEPRECATED);
  EXPECT_EQ(nic.addresses(5).address(), "fe80::1");
  EXPECT_EQ(nic.addresses(5).prefix_length(), 64u);
  EXPECT_EQ(nic.addresses(5).origin(), v1::InterfaceAddress::LINK_LAYER);
}

TEST_F(NetworkTest, StaticIpv4IsNotDhcp) {
  AddAddress(AddLink("ens192", true), kA);
  const v1::NetworkInterface nic = Fill().interfaces(0);
  EXPECT_FALSE(nic.dhcp4());
  EXPECT_EQ(nic.addresses(0).origin(), v1::InterfaceAddress::MANUAL);
}

TEST_F(NetworkTest, PrimaryAddressIsOfTheBestDefaultRoute) {
  const int32_t first = AddLink("ens192", true);
  const int32_t second = AddLink("ens224", true);
  AddAddress(first, kA);
  AddAddress(second, kB);
  EXPECT_EQ(Fill().primary_address(), "10.0.0.5");
  AddDefaultRoute(first, 200);
  AddDefaultRoute(second, 100);
  EXPECT_EQ(Fill().primary_address(), "10.0.1.5");
}

TEST_F(NetworkTest, PrimaryAddressIsThePreferredSource) {
  const int32_t index = AddLink("ens192", true);
  AddAddress(index, kA);
  AddAddress(index, kB);
  AddDefaultRoute(index, 0);
  EXPECT_EQ(Fill().primary_address(), "10.0.0.5");
  state_.routes[0].preferred_source = kB;
  EXPECT_EQ(Fill().primary_address(), "10.0.1.5");
}

TEST_F(NetworkTest, Ipv4ComesBeforeIpv6AndGlobalBeforeLinkLocal) {
  const int32_t index = AddLink("ens192", true);
  AddAddress(index, kLinkLocal6);
  EXPECT_EQ(Fill().primary_address(), "fe80::1");
  AddAddress(index, kGlobal6);
  EXPECT_EQ(Fill().primary_address(), "2001:db8::1");
  AddDefaultRoute(index, 0, 16);
  EXPECT_EQ(Fill().primary_address(), "2001:db8::1");
  AddAddress(index, kA);
  EXPECT_EQ(Fill().primary_address(), "10.0.0.5");
}

TEST_F(NetworkTest, PrimaryAddressCanBeSet) {
  AddAddress(AddLink("ens192", true), kA);
  options_.primary_address = "192.0.2.1";
  EXPECT_EQ(Fill().primary_address(), "192.0.2.1");
}

TEST_F(NetworkTest, RoutesNameInterfacesByTheirPositionInTheTable) {
  AddAddress(AddLink("docker0", false), kA);
  const int32_t second = AddLink("ens224", true);
  const int32_t first = AddLink("ens192", true);
  AddAddress(first, kA);
  AddDefaultRoute(1, 0);
  RouteEntry network;
  network.index = second;
  network.destination = "\x0a\0\1\0"s;
  network.prefix_length = 24;
  state_.routes.push_back(network);
  AddDefaultRoute(first, 100);

  const v1::GuestInfoSnapshot snapshot = Fill();
  ASSERT_EQ(snapshot.routes_size(), 2);
  EXPECT_EQ(snapshot.routes(0).prefix_length(), 0u);
  EXPECT_EQ(snapshot.routes(0).interface_position(), 0u);
  EXPECT_EQ(snapshot.routes(0).metric(), 100u);
  EXPECT_EQ(snapshot.routes(0).destination(), "0.0.0.0");
  EXPECT_EQ(snapshot.routes(0).next_hop(), "10.10.10.1");
  EXPECT_EQ(snapshot.routes(1).interface_position(), 1u);
  EXPECT_EQ(snapshot.routes(1).destination(), "10.0.1.0");
  EXPECT_EQ(snapshot.routes(1).next_hop(), "");
}

TEST_F(NetworkTest, Ipv6RoutesAreText) {
  const int32_t index = AddLink("ens192", true);
  AddAddress(index, kGlobal6);
  AddDefaultRoute(index, 0, 16);
  state_.routes.back().gateway = kLinkLocal6;
  const v1::GuestInfoSnapshot snapshot = Fill();
  ASSERT_EQ(snapshot.routes_size(), 1);
  EXPECT_EQ(snapshot.routes(0).destination(), "::");
  EXPECT_EQ(snapshot.routes(0).next_hop(), "fe80::1");
}

TEST_F(NetworkTest, AddressesOfAnInterfaceAreBounded) {
  const int32_t first = AddLink("ens192", true);
  const int32_t second = AddLink("ens224", true);
  for (int i = 0; i < 2100; ++i) {
    AddAddress(first, "\x0a\0"s + static_cast<char>(i / 256) + static_cast<char>(i % 256));
  }
  AddAddress(second, "\x0a\1\0\1"s);
  const v1::GuestInfoSnapshot snapshot = Fill();
  ASSERT_EQ(snapshot.interfaces_size(), 2);
  EXPECT_EQ(snapshot.interfaces(0).addresses_size(), 2048);
  EXPECT_EQ(snapshot.interfaces(1).addresses_size(), 1);
}

TEST_F(NetworkTest, RoutesAreBounded) {
  const int32_t index = AddLink("ens192", true);
  for (int i = 0; i < 150; ++i) {
    RouteEntry route;
    route.index = index;
    route.destination = "\x0a\0\0\0"s;
    route.prefix_length = 24;
    state_.routes.push_back(route);
  }
  AddDefaultRoute(index, 0);
  const v1::GuestInfoSnapshot snapshot = Fill();
  EXPECT_EQ(snapshot.routes_size(), 100);
  EXPECT_EQ(snapshot.routes(0).prefix_length(), 0u);
}

}  // namespace
}  // namespace toolboxd::guestinfod
