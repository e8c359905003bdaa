// SPDX-License-Identifier: Apache-2.0

// The rows of the table "Which interfaces" in docs/protocol/guest-info.md 3.9: in a network
// namespace of the test's own, and by the kernel's records for devices that not every kernel has.

#include <linux/if_addr.h>
#include <net/if_arp.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "guestinfod/interfaces.h"
#include "guestinfod/netlink.h"
#include "guestinfod/network.h"
#include "guestinfod/network_state.h"
#include "guestinfod/testing/namespaces.h"
#include "guestinfod/testing/rtnetlink.h"

namespace toolboxd::guestinfod {
namespace {

using ::std::string_literals::operator""s;

using Lines = std::vector<std::string>;

constexpr uint32_t kLease = 0;
const std::string kGateway = "\x0a\0\0\1"s;

// One line for each interface: "ens192 10.0.0.5 fe80::1".
Lines LinesOf(const v1::GuestInfoSnapshot& snapshot) {
  Lines lines;
  for (const v1::NetworkInterface& nic : snapshot.interfaces()) {
    std::string line = nic.name();
    for (const v1::InterfaceAddress& address : nic.addresses()) {
      absl::StrAppend(&line, " ", address.address());
    }
    lines.push_back(line);
  }
  return lines;
}

v1::GuestInfoSnapshot Fill(const NetworkState& state, const std::set<std::string>& devices) {
  v1::GuestInfoSnapshot snapshot;
  FillNetwork(
      state, DefaultNetworkOptions(),
      [&devices](const std::string& name) { return devices.count(name) > 0; }, snapshot);
  return snapshot;
}

// 10.0.0.LAST
std::string Ipv4(char last) { return "\x0a\0\0"s + last; }

// What the host sees of the kernel's records. Devices are the links without a kind.
class NetworkRecords : public ::testing::Test {
 protected:
  void Add(const LinkRecord& link) {
    if (link.kind.empty()) devices_.insert(link.name);
    records_ += Record(link);
  }
  void AddAddress(int32_t index, const std::string& bytes, uint32_t flags = IFA_F_PERMANENT) {
    records_ += AddressRecord(index, bytes, flags, bytes.size() == 4 ? 24 : 64);
  }
  void AddDefaultRoute(int32_t index, uint32_t metric, const std::string& gateway = kGateway) {
    records_ += DefaultRouteRecord(index, gateway, metric);
  }

  v1::GuestInfoSnapshot Snapshot() {
    NetworkState state;
    state.wants = [](const Link& link) { return IsReportable(link, DefaultNetworkOptions()); };
    EXPECT_TRUE(AddDump(records_, kRecordSequence, state).ok());
    return Fill(state, devices_);
  }

  std::string records_;
  std::set<std::string> devices_;
};

TEST_F(NetworkRecords, BondIsHardwareAndItsMembersKeepTheirOwnMac) {
  Add({.index = 2, .name = "ens192", .master = 4, .mac = 2, .permanent = 2});
  Add({.index = 3, .name = "ens224", .master = 4, .mac = 2, .permanent = 3});
  Add({.index = 4, .name = "bond0", .kind = "bond", .mac = 2});
  AddAddress(4, Ipv4(5), kLease);
  AddDefaultRoute(4, 100);
  const v1::GuestInfoSnapshot snapshot = Snapshot();
  EXPECT_EQ(LinesOf(snapshot), (Lines{"bond0 10.0.0.5", "ens192", "ens224"}));
  EXPECT_EQ(snapshot.interfaces(0).mac_address(), "00:50:56:00:00:02");
  EXPECT_EQ(snapshot.interfaces(2).mac_address(), "00:50:56:00:00:03");
  EXPECT_EQ(snapshot.primary_address(), "10.0.0.5");
}

TEST_F(NetworkRecords, TeamIsHardware) {
  Add({.index = 2, .name = "ens192", .master = 9});
  Add({.index = 9, .name = "team0", .kind = "team", .mac = 2});
  AddAddress(9, Ipv4(5));
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"team0 10.0.0.5", "ens192"}));
}

TEST_F(NetworkRecords, VlanOnABondIsHardwareWhateverTheOrderOfTheIndices) {
  Add({.index = 3, .name = "bond0.7", .kind = "vlan", .lower = 5, .mac = 9});
  Add({.index = 5, .name = "bond0", .kind = "bond", .mac = 9});
  Add({.index = 9, .name = "ens192", .master = 5});
  AddAddress(3, Ipv4(5));
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"bond0.7 10.0.0.5", "bond0", "ens192"}));
}

TEST_F(NetworkRecords, VlanOnABridgeOfAVlanIsHardware) {
  Add({.index = 2, .name = "ens192"});
  Add({.index = 3, .name = "ens192.5", .kind = "vlan", .master = 4, .lower = 2});
  Add({.index = 4, .name = "lan", .kind = "bridge"});
  Add({.index = 5, .name = "lan.6", .kind = "vlan", .lower = 4});
  AddAddress(5, Ipv4(5));
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"lan.6 10.0.0.5", "ens192", "ens192.5", "lan"}));
}

TEST_F(NetworkRecords, StackThatIsACircleEnds) {
  Add({.index = 2, .name = "a", .kind = "vlan", .master = 3, .lower = 3});
  Add({.index = 3, .name = "b", .kind = "bond", .master = 2, .lower = 2});
  AddAddress(2, Ipv4(5));
  EXPECT_EQ(LinesOf(Snapshot()), Lines{"a 10.0.0.5"});
}

TEST_F(NetworkRecords, IpvlanAndMacsecAreHardwareAndVxlanIsNot) {
  Add({.index = 2, .name = "ens192"});
  Add({.index = 3, .name = "overlay", .kind = "vxlan", .lower = 2});
  Add({.index = 4, .name = "ipvl0", .kind = "ipvlan", .lower = 2});
  Add({.index = 5, .name = "macsec0", .kind = "macsec", .lower = 2});
  for (int32_t index = 2; index <= 5; ++index) AddAddress(index, Ipv4(static_cast<char>(index)));
  EXPECT_EQ(LinesOf(Snapshot()),
            (Lines{"ens192 10.0.0.2", "ipvl0 10.0.0.4", "macsec0 10.0.0.5", "overlay 10.0.0.3"}));
}

TEST_F(NetworkRecords, WireGuardAndTailscaleAreNotReported) {
  Add({.index = 2, .name = "ens192"});
  Add({.index = 3, .name = "wg0", .kind = "wireguard", .type = ARPHRD_NONE});
  Add({.index = 4, .name = "tailscale0", .kind = "tun", .type = ARPHRD_NONE});
  for (int32_t index = 2; index <= 4; ++index) AddAddress(index, Ipv4(static_cast<char>(index)));
  // All traffic goes through the tunnel.
  AddDefaultRoute(3, 0);
  AddDefaultRoute(2, 100);
  const v1::GuestInfoSnapshot snapshot = Snapshot();
  EXPECT_EQ(LinesOf(snapshot), Lines{"ens192 10.0.0.2"});
  EXPECT_EQ(snapshot.primary_address(), "10.0.0.2");
  ASSERT_EQ(snapshot.routes_size(), 1);
}

TEST_F(NetworkRecords, OpenVSwitchPortIsVirtualAndPrimaryByItsRoute) {
  Add({.index = 2, .name = "ens192", .master = 3});
  Add({.index = 3, .name = "ovs-system", .kind = "openvswitch", .flags = 0});
  Add({.index = 4, .name = "br0", .kind = "openvswitch", .mac = 2});
  AddAddress(4, Ipv4(5));
  AddDefaultRoute(4, 0);
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"ens192", "br0 10.0.0.5"}));
  EXPECT_EQ(Snapshot().primary_address(), "10.0.0.5");
}

TEST_F(NetworkRecords, InterfaceThatIsDownHasNoAddressesAndIsNeverPrimary) {
  Add({.index = 2, .name = "ens192", .flags = 0});
  Add({.index = 3, .name = "ens224"});
  Add({.index = 4, .name = "kube-ipvs0", .kind = "dummy", .flags = 0});
  for (int32_t index = 2; index <= 4; ++index) AddAddress(index, Ipv4(static_cast<char>(index)));
  AddDefaultRoute(2, 0);
  const v1::GuestInfoSnapshot snapshot = Snapshot();
  EXPECT_EQ(LinesOf(snapshot), (Lines{"ens224 10.0.0.3", "ens192"}));
  EXPECT_EQ(snapshot.interfaces(1).mac_address(), "00:50:56:00:00:02");
  EXPECT_EQ(snapshot.primary_address(), "10.0.0.3");
}

TEST_F(NetworkRecords, InterfaceWithoutACarrierIsPrimaryOnlyIfNoneHasOne) {
  Add({.index = 2, .name = "ens192", .flags = IFF_UP});
  AddAddress(2, Ipv4(2));
  AddDefaultRoute(2, 0);
  EXPECT_EQ(Snapshot().primary_address(), "10.0.0.2");
  Add({.index = 3, .name = "ens224"});
  AddAddress(3, Ipv4(3));
  EXPECT_EQ(Snapshot().primary_address(), "10.0.0.2");
  AddDefaultRoute(3, 500);
  EXPECT_EQ(Snapshot().primary_address(), "10.0.0.3");
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"ens192 10.0.0.2", "ens224 10.0.0.3"}));
}

TEST_F(NetworkRecords, ContainersAreNeverPrimaryBesideHardware) {
  const std::string global = "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\5";
  const std::string link_local = "\xfe\x80"s + std::string(13, '\0') + "\5";
  for (const char* name : {"cni0", "br-0123456789ab", "flannel.1", "podman0", "cilium_host"}) {
    records_.clear();
    Add({.index = 2, .name = "ens192"});
    Add({.index = 3, .name = name, .kind = "bridge"});
    AddAddress(3, Ipv4(3));
    AddAddress(2, link_local);
    EXPECT_EQ(Snapshot().primary_address(), "fe80::5") << name;
    AddAddress(2, global, kLease);
    EXPECT_EQ(Snapshot().primary_address(), "2001:db8::5") << name;
    AddAddress(2, Ipv4(2), kLease);
    EXPECT_EQ(Snapshot().primary_address(), "10.0.0.2") << name;
  }
}

TEST_F(NetworkRecords, ContainersArePrimaryWhereThereIsNothingElse) {
  Add({.index = 2, .name = "ens192"});
  Add({.index = 3, .name = "cni0", .kind = "bridge"});
  AddAddress(3, Ipv4(3));
  EXPECT_EQ(Snapshot().primary_address(), "10.0.0.3");
}

TEST_F(NetworkRecords, TenThousandContainersHideNoNic) {
  for (int32_t i = 0; i < 10'000; ++i) {
    Add({.index = 10 + i, .name = absl::StrCat("veth", i), .kind = "veth"});
  }
  for (int32_t i = 0; i < 10'000; ++i) {
    Add({.index = 20'000 + i, .name = absl::StrCat("pod", i), .kind = "veth"});
  }
  Add({.index = 2, .name = "ens192"});
  AddAddress(2, Ipv4(2));
  const v1::GuestInfoSnapshot snapshot = Snapshot();
  EXPECT_EQ(LinesOf(snapshot), Lines{"ens192 10.0.0.2"});
  EXPECT_EQ(snapshot.primary_address(), "10.0.0.2");
}

// The same with a kernel: nic0 and nic1 are the ends of a cable and stand for hardware.
class NetworkNamespace : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(EnterNamespaces()) << "this test needs root";
    ASSERT_TRUE(AddInterface());
  }

  static v1::GuestInfoSnapshot Snapshot() {
    const NetworkOptions options = DefaultNetworkOptions();
    const NetworkState state =
        Netlink::Open()
            ->Dump([&options](const Link& link) { return IsReportable(link, options); })
            .value();
    return Fill(state, {"nic0"});
  }

  // ip(8) with each of these.
  static void Run(const Lines& commands) {
    for (const std::string& command : commands) ASSERT_TRUE(Ip(command)) << command;
  }
};

TEST_F(NetworkNamespace, NicThatIsDownKeepsItsMacAndHasNoAddress) {
  Run({"address add 192.0.2.5/24 dev nic0", "address add 2001:db8::5/64 dev nic0 nodad",
       "route add default via 192.0.2.1"});
  EXPECT_EQ(LinesOf(Snapshot()), Lines{"nic0 192.0.2.5 2001:db8::5"});
  EXPECT_EQ(Snapshot().primary_address(), "192.0.2.5");
  const std::string mac = Snapshot().interfaces(0).mac_address();
  Run({"link set nic0 down"});
  EXPECT_EQ(LinesOf(Snapshot()), Lines{"nic0"});
  EXPECT_EQ(Snapshot().interfaces(0).mac_address(), mac);
  EXPECT_EQ(Snapshot().primary_address(), "");
}

TEST_F(NetworkNamespace, NicWithoutACarrierKeepsItsAddresses) {
  Run({"address add 192.0.2.5/24 dev nic0", "link set nic1 down"});
  EXPECT_EQ(LinesOf(Snapshot()), Lines{"nic0 192.0.2.5"});
  Run({"address add 198.51.100.5/24 dev nic1"});
  EXPECT_EQ(Snapshot().primary_address(), "192.0.2.5");
}

TEST_F(NetworkNamespace, BridgeOnANicIsHardware) {
  Run({"link add br0 type bridge", "link set br0 addrgenmode none", "link set nic0 master br0",
       "link set br0 up", "address add 192.0.2.5/24 dev br0", "route add default via 192.0.2.1",
       "link add virbr5 type bridge", "link set virbr5 up", "address add 10.9.0.1/24 dev virbr5"});
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"br0 192.0.2.5", "nic0"}));
  EXPECT_EQ(Snapshot().primary_address(), "192.0.2.5");
}

TEST_F(NetworkNamespace, MacvlanOnABridgeOnANicIsHardware) {
  Run({"link add br0 type bridge", "link set br0 addrgenmode none", "link set nic0 master br0",
       "link set br0 up", "link add link br0 name mac0 address 02:00:00:00:00:05 type macvlan",
       "link set mac0 addrgenmode none", "link set mac0 up", "address add 192.0.2.6/24 dev mac0"});
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"mac0 192.0.2.6", "nic0", "br0"}));
  EXPECT_EQ(Snapshot().interfaces(0).mac_address(), "02:00:00:00:00:05");
}

TEST_F(NetworkNamespace, ContainersGoLastOrAreNotReported) {
  Run({"link add docker0 type bridge", "link add cni0 type bridge",
       "link add br-0123456789ab type bridge",
       "link add flannel.1 type vxlan id 1 dev nic0 dstport 8472",
       "link add vethabc type veth peer name vethdef"});
  for (const char* name : {"docker0", "cni0", "br-0123456789ab", "flannel.1", "vethabc"}) {
    Run({absl::StrCat("link set ", name, " addrgenmode none"),
         absl::StrCat("link set ", name, " up"),
         absl::StrCat("address add 10.244.0.1/24 dev ", name)});
  }
  Run({"address add 192.0.2.5/24 dev nic0"});
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"nic0 192.0.2.5", "cni0 10.244.0.1",
                                        "br-0123456789ab 10.244.0.1", "flannel.1 10.244.0.1"}));
  EXPECT_EQ(Snapshot().primary_address(), "192.0.2.5");
}

TEST_F(NetworkNamespace, TunnelsWithoutAMacAreNotReported) {
  Run({"tuntap add mode tun name tailscale0", "link set tailscale0 up",
       "address add 100.64.0.5/32 dev tailscale0", "tuntap add mode tap name tap0",
       "link set tap0 addrgenmode none", "link set tap0 up", "address add 10.8.0.5/24 dev tap0",
       "address add 192.0.2.5/24 dev nic0", "route add default dev tailscale0",
       "route add default via 192.0.2.1 metric 50"});
  EXPECT_EQ(LinesOf(Snapshot()), (Lines{"nic0 192.0.2.5", "tap0 10.8.0.5"}));
  EXPECT_EQ(Snapshot().primary_address(), "192.0.2.5");
}

TEST_F(NetworkNamespace, StableIpv6ComesBeforeTemporaryAndDeprecated) {
  // The kernel lists the newest first.
  Run({"address add 2001:db8::5/64 dev nic0 nodad",
       "address add 2001:db8::8/64 dev nic0 nodad valid_lft 900 preferred_lft 800",
       "address add 2001:db8::9/64 dev nic0 nodad valid_lft 900 preferred_lft 0"});
  EXPECT_EQ(LinesOf(Snapshot()), Lines{"nic0 2001:db8::5 2001:db8::8 2001:db8::9"});
  EXPECT_EQ(Snapshot().primary_address(), "2001:db8::5");
}

}  // namespace
}  // namespace toolboxd::guestinfod
