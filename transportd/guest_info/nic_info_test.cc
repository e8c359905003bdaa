// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/nic_info.h"

#include <string>

#include "gtest/gtest.h"
#include "transportd/guest_info/testing/vectors.h"
#include "vmxsim/nic_info.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

v1::InterfaceAddress* AddAddress(const std::string& bytes, int prefix, v1::NetworkInterface* nic) {
  v1::InterfaceAddress* address = nic->add_addresses();
  address->set_address(bytes);
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
  AddAddress("\x0a\0\0\5"s, 24, nic);
  AddAddress("\xfe\x80\0\0\0\0\0\0\x02\x50\x56\xff\xfe\xaa\xbb\xcc"s, 64, nic);
  return snapshot;
}

v1::GuestInfoSnapshot Full() {
  v1::GuestInfoSnapshot snapshot;
  v1::NetworkInterface* nic = AddNic(&snapshot);
  AddAddress("\x0a\0\0\5"s, 24, nic)->set_origin(v1::InterfaceAddress::DHCP);
  nic->set_dhcp4(true);
  v1::DnsConfiguration* dns = nic->mutable_dns();
  dns->set_host_name("vm1");
  dns->set_domain_name("example.com");
  dns->add_servers("\x0a\0\0\2"s);
  dns->add_search_suffixes("example.com");
  v1::Route* route = snapshot.add_routes();
  route->set_destination("\0\0\0\0"s);
  route->set_next_hop("\x0a\0\0\1"s);
  snapshot.mutable_dns()->set_host_name("vm1");
  snapshot.mutable_dns()->add_servers("\x0a\0\0\2"s);
  return snapshot;
}

TEST(NicInfoV3, OneNicIsTheVector) {
  EXPECT_EQ(EncodeNicInfoV3(One(), kMaxAddresses), NicInfoOne());
}

TEST(NicInfoV3, FullIsTheVector) {
  EXPECT_EQ(EncodeNicInfoV3(Full(), kMaxAddresses), NicInfoFull());
}

TEST(NicInfoV3, NoNicIsTheVector) {
  EXPECT_EQ("SetGuestInfo  9 " + EncodeNicInfoV3(v1::GuestInfoSnapshot(), kMaxAddresses),
            NicInfoCommandEmpty());
}

TEST(NicInfoV3, KeepsToTheLimits) {
  v1::GuestInfoSnapshot snapshot;
  for (int i = 0; i < 20; ++i) AddAddress("\x0a\0\0\5"s, 24, AddNic(&snapshot));
  for (int i = 0; i < 70; ++i) AddAddress("\x0a\0\0\6"s, 24, snapshot.mutable_interfaces(0));
  for (int i = 0; i < 120; ++i) {
    v1::Route* route = snapshot.add_routes();
    route->set_destination("\x0a\0\0\0"s);
    route->set_interface_position(i % 20);
  }
  for (int i = 0; i < 20; ++i) snapshot.mutable_dns()->add_servers("\x0a\0\0\2"s);
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

TEST(NicInfoV3, AddressesOfOddLengthAreLeftOut) {
  v1::GuestInfoSnapshot snapshot;
  AddAddress("abc", 24, AddNic(&snapshot));
  const auto decoded = vmxsim::DecodeNicInfo(EncodeNicInfoV3(snapshot, kMaxAddresses));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(decoded->nics[0].addresses.empty());
}

TEST(NicInfoV2, EveryCharacterIsAUnit) {
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

TEST(NicInfoV1, IsOneStructure) {
  const std::string bytes = EncodeNicInfoV1(One());
  ASSERT_EQ(bytes.size(), 2436u);
  EXPECT_EQ(bytes.substr(0, 8), "\1\0\0\0\1\0\0\0"s);
  EXPECT_EQ(bytes.substr(8, 19), "00:50:56:aa:bb:cc\0\0"s);
  EXPECT_EQ(bytes.substr(27, 16), "10.0.0.5\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(bytes.find_first_not_of('\0', 43), std::string::npos);
}

}  // namespace
}  // namespace toolboxd::guest_info
