// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/nic_info.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "transportd/guest_info/testing/vectors.h"
#include "vmxsim/nic_info.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

v1::InterfaceAddress* AddAddress(const std::string& text, int prefix, v1::NetworkInterface* nic) {
  v1::InterfaceAddress* address = nic->add_addresses();
  address->set_address(text);
  address->set_prefix_length(prefix);
  address->set_status(v1::InterfaceAddress::PREFERRED);
  return address;
}

v1::NetworkInterface* AddNic(v1::GuestInfoSnapshot* snapshot) {
  v1::NetworkInterface* nic = snapshot->add_interfaces();
  nic->set_name("ens192");
  nic->set_mac_address("00:50:56:aa:bb:cc");
  return nic;
}

v1::GuestInfoSnapshot One() {
  v1::GuestInfoSnapshot snapshot;
  v1::NetworkInterface* nic = AddNic(&snapshot);
  AddAddress("10.0.0.5", 24, nic);
  AddAddress("fe80::250:56ff:feaa:bbcc", 64, nic);
  return snapshot;
}

v1::GuestInfoSnapshot Full() {
  v1::GuestInfoSnapshot snapshot;
  v1::NetworkInterface* nic = AddNic(&snapshot);
  AddAddress("10.0.0.5", 24, nic)->set_origin(v1::InterfaceAddress::DHCP);
  nic->set_dhcp4(true);
  v1::DnsConfiguration* dns = nic->mutable_dns();
  dns->set_host_name("vm1");
  dns->set_domain_name("example.com");
  dns->add_servers("10.0.0.2");
  dns->add_search_suffixes("example.com");
  v1::Route* route = snapshot.add_routes();
  route->set_destination("0.0.0.0");
  route->set_next_hop("10.0.0.1");
  snapshot.mutable_dns()->set_host_name("vm1");
  snapshot.mutable_dns()->add_servers("10.0.0.2");
  return snapshot;
}

TEST(NicInfoV3, OneNicEqualsTheVector) {
  EXPECT_EQ(EncodeNicInfoV3(One(), kMaxAddresses), NicInfoOne());
}

TEST(NicInfoV3, AllFieldsEqualTheVector) {
  EXPECT_EQ(EncodeNicInfoV3(Full(), kMaxAddresses), NicInfoFull());
}

TEST(NicInfoV3, NoNicEqualsTheVector) {
  EXPECT_EQ("SetGuestInfo  9 " + EncodeNicInfoV3(v1::GuestInfoSnapshot(), kMaxAddresses),
            NicInfoCommandEmpty());
}

TEST(NicInfoV3, KeepsToTheLimits) {
  v1::GuestInfoSnapshot snapshot;
  for (int i = 0; i < 20; ++i) AddAddress("10.0.0.5", 24, AddNic(&snapshot));
  for (int i = 0; i < 70; ++i) AddAddress("10.0.0.6", 24, snapshot.mutable_interfaces(0));
  for (int i = 0; i < 120; ++i) {
    v1::Route* route = snapshot.add_routes();
    route->set_destination("10.0.0.0");
    route->set_interface_position(i % 20);
  }
  for (int i = 0; i < 20; ++i) snapshot.mutable_dns()->add_servers("10.0.0.2");
  for (int i = 0; i < 12; ++i) snapshot.mutable_dns()->add_search_suffixes("x");
  snapshot.mutable_dns()->set_host_name(std::string(256, 'h'));

  const auto decoded = vmxsim::DecodeNicInfo(EncodeNicInfoV3(snapshot, kMaxAddressesOldHost));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->nics.size(), 16u);
  EXPECT_EQ(decoded->nics[0].addresses.size(), 64u);
  EXPECT_EQ(decoded->routes.size(), 96u);  // 24 of the 120 are of interfaces left out
  EXPECT_EQ(decoded->dns.servers.size(), 16u);
  EXPECT_EQ(decoded->dns.suffixes.size(), 10u);
  EXPECT_EQ(decoded->dns.host, "");
}

TEST(NicInfoV3, InterfaceHasAtMost2048Addresses) {
  v1::GuestInfoSnapshot snapshot;
  v1::NetworkInterface* nic = AddNic(&snapshot);
  for (int i = 0; i < 2100; ++i) AddAddress("10.0.0.5", 24, nic);
  // More than the host can read are not sent, whatever the caller asks for.
  const auto decoded = vmxsim::DecodeNicInfo(EncodeNicInfoV3(snapshot, 3000));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->nics[0].addresses.size(), 2048u);
}

TEST(NicInfoV3, HostReadsIpv6AsEncoded) {
  v1::GuestInfoSnapshot snapshot;
  AddAddress("2001:DB8:0:0:0:0:0:10", 64, AddNic(&snapshot));
  snapshot.mutable_dns()->add_servers("2001:db8::53");
  v1::Route* route = snapshot.add_routes();
  route->set_destination("::");
  route->set_next_hop("fe80::1");
  const auto decoded = vmxsim::DecodeNicInfo(EncodeNicInfoV3(snapshot, kMaxAddresses));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->nics[0].addresses[0].address, "2001:db8::10");
  EXPECT_EQ(decoded->nics[0].addresses[0].prefix, 64u);
  EXPECT_EQ(decoded->dns.servers[0], "2001:db8::53");
  EXPECT_EQ(decoded->routes[0].destination, "::");
  EXPECT_EQ(decoded->routes[0].gateway, "fe80::1");
}

// Each has a malformed address between two good ones.
v1::GuestInfoSnapshot WithMalformedText(const std::string& text) {
  v1::GuestInfoSnapshot snapshot;
  v1::NetworkInterface* nic = AddNic(&snapshot);
  for (const std::string& address : {"10.0.0.5"s, text, "10.0.0.6"s}) {
    AddAddress(address, 24, nic);
    snapshot.mutable_dns()->add_servers(address);
    snapshot.add_routes()->set_destination(address);
    v1::Route* route = snapshot.add_routes();
    route->set_destination("0.0.0.0");
    route->set_next_hop(address.empty() ? "none" : address);
  }
  return snapshot;
}

TEST(NicInfo, MalformedAddressesAreSkippedAndTheRestIsKept) {
  for (const std::string& text : {""s, "abc"s, "10.0.0.5/24"s, "fe80::1%eth0"s, "10.0.0.256"s,
                                  "\x0a\0\0\7"s, std::string(70000, '1')}) {
    const v1::GuestInfoSnapshot snapshot = WithMalformedText(text);
    const auto decoded = vmxsim::DecodeNicInfo(EncodeNicInfoV3(snapshot, kMaxAddresses));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->nics[0].addresses.size(), 2u) << text;
    EXPECT_EQ(decoded->nics[0].addresses[1].address, "10.0.0.6");
    ASSERT_EQ(decoded->dns.servers.size(), 2u) << text;
    EXPECT_EQ(decoded->dns.servers[1], "10.0.0.6");
    ASSERT_EQ(decoded->routes.size(), 4u) << text;
    EXPECT_EQ(decoded->routes[3].gateway, "10.0.0.6");

    const auto version2 = vmxsim::DecodeNicInfo(EncodeNicInfoV2(snapshot, kMaxAddresses));
    ASSERT_TRUE(version2.ok()) << version2.status();
    EXPECT_EQ(version2->nics[0].addresses.size(), 2u) << text;
    EXPECT_EQ(EncodeNicInfoV1(snapshot)[4], '\2') << text;
  }
}

TEST(NicInfo, MalformedAddressesAreLoggedOnceAMinute) {
  v1::GuestInfoSnapshot snapshot;
  v1::NetworkInterface* nic = AddNic(&snapshot);
  for (int i = 0; i < 1000; ++i) AddAddress("abc", 24, nic);
  testing::internal::CaptureStderr();
  EncodeNicInfoV3(snapshot, kMaxAddresses);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 1) << log;
}

TEST(NicInfoV2, EveryCharacterTakesOneXdrUnit) {
  const std::string xdr = EncodeNicInfoV2(One(), kMaxAddressesOldHost);
  // Version, pointer, count; MAC; count; two addresses of family, DHCP, two texts.
  EXPECT_EQ(xdr.size(), 12u + 18 * 4 + 4 + 2 * (8 + 2 * 64 * 4));
  EXPECT_EQ(xdr.substr(0, 20), "\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0000\0\0\0000"s);
}

TEST(NicInfoV2, HostReadsWhatWasEncoded) {
  v1::GuestInfoSnapshot snapshot = One();
  snapshot.mutable_interfaces(0)->set_dhcp4(true);
  const auto decoded = vmxsim::DecodeNicInfo(EncodeNicInfoV2(snapshot, kMaxAddressesOldHost));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->version, 2u);
  EXPECT_TRUE(decoded->nics[0].dhcp4);
  EXPECT_FALSE(decoded->nics[0].dhcp6);
  EXPECT_EQ(vmxsim::NicInfoText(*decoded),
            "nic 0 00:50:56:aa:bb:cc\n"
            "  address 10.0.0.5/24\n"
            "  address fe80::250:56ff:feaa:bbcc/64\n");
}

TEST(NicInfoV1, IsOneFixedStructure) {
  const std::string bytes = EncodeNicInfoV1(One());
  ASSERT_EQ(bytes.size(), 2436u);
  EXPECT_EQ(bytes.substr(0, 8), "\1\0\0\0\1\0\0\0"s);
  EXPECT_EQ(bytes.substr(8, 19), "00:50:56:aa:bb:cc\0\0"s);
  EXPECT_EQ(bytes.substr(27, 16), "10.0.0.5\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(bytes.find_first_not_of('\0', 43), std::string::npos);
}

}  // namespace
}  // namespace toolboxd::guest_info
