// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/interface_addresses.h"

#include <linux/if_addr.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

using ::std::string_literals::operator""s;

Address MakeAddress(const std::string& bytes, uint32_t flags, uint8_t prefix_length = 64) {
  Address address;
  address.bytes = bytes;
  address.flags = flags;
  address.prefix_length = prefix_length;
  return address;
}

// 2001:db8::NUMBER, or fd00:: and fe80::.
std::string Ipv6(char number, const std::string& start = "\x20\1\x0d\xb8"s) {
  return start + std::string(15 - start.size(), '\0') + number;
}

const std::string kMac = "\0\x50\x56\xaa\xbb\xcc"s;
const std::string kOfMac = "\x20\1\x0d\xb8\0\0\0\0\x02\x50\x56\xff\xfe\xaa\xbb\xcc"s;

// Sorts them from every order that they can come in; the result must be this one.
void ExpectOrder(const std::vector<Address>& addresses) {
  Link link;
  link.hardware_address = kMac;
  std::vector<const Address*> expected;
  for (const Address& address : addresses) expected.push_back(&address);
  std::vector<const Address*> order = expected;
  std::sort(order.begin(), order.end());
  do {
    std::vector<const Address*> sorted = order;
    SortAddresses(link, sorted);
    ASSERT_EQ(sorted, expected);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(InterfaceAddresses, TemporaryAndDeprecatedOnesComeAfterStableOnes) {
  ExpectOrder({MakeAddress(Ipv6(1), 0), MakeAddress(Ipv6(2), IFA_F_TEMPORARY),
               MakeAddress(Ipv6(3), IFA_F_DEPRECATED),
               MakeAddress(Ipv6(4), IFA_F_DEPRECATED | IFA_F_TEMPORARY),
               MakeAddress(Ipv6(1, "\xfe\x80"s), IFA_F_PERMANENT)});
}

TEST(InterfaceAddresses, StaticComesBeforeDhcpAndThatBeforeAutoconfigured) {
  ExpectOrder({MakeAddress(Ipv6(1), IFA_F_PERMANENT), MakeAddress(Ipv6(2), 0, 128),
               MakeAddress(kOfMac, 0)});
  ExpectOrder({MakeAddress(Ipv6(1), IFA_F_PERMANENT), MakeAddress(Ipv6(9), 0),
               MakeAddress(Ipv6(3), IFA_F_TEMPORARY)});
}

TEST(InterfaceAddresses, Ipv4ComesBeforeIpv6AndItsAutoconfiguredLast) {
  ExpectOrder({MakeAddress("\x0a\0\0\5"s, 0, 24), MakeAddress("\xa9\xfe\1\1"s, IFA_F_PERMANENT, 16),
               MakeAddress(Ipv6(1), IFA_F_PERMANENT)});
}

TEST(InterfaceAddresses, Ipv4KeepsTheOrderOfTheKernel) {
  // A lease, a service's address beside it, and a second one in its network.
  const Address lease = MakeAddress("\x0a\0\0\5"s, 0, 24);
  const Address service = MakeAddress("\x0a\0\0\6"s, IFA_F_PERMANENT, 32);
  const Address second = MakeAddress("\x0a\0\0\7"s, IFA_F_PERMANENT | IFA_F_SECONDARY, 24);
  std::vector<const Address*> addresses = {&lease, &service, &second};
  SortAddresses(Link(), addresses);
  EXPECT_EQ(addresses, (std::vector<const Address*>{&lease, &service, &second}));
}

TEST(InterfaceAddresses, UsableAddressesComeFirst) {
  ExpectOrder({MakeAddress(Ipv6(1), 0), MakeAddress(Ipv6(2), IFA_F_PERMANENT | IFA_F_TENTATIVE),
               MakeAddress(Ipv6(3), IFA_F_PERMANENT | IFA_F_DEPRECATED),
               MakeAddress(Ipv6(4), IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED)});
  // RFC 4429: optimistic addresses are used.
  const Address optimistic = MakeAddress(Ipv6(1), IFA_F_OPTIMISTIC | IFA_F_TENTATIVE);
  const Address preferred = MakeAddress(Ipv6(2), 0);
  std::vector<const Address*> addresses = {&optimistic, &preferred};
  SortAddresses(Link(), addresses);
  EXPECT_EQ(addresses.front(), &optimistic);
}

TEST(InterfaceAddresses, StaticAddressMadeOfTheMacIsManual) {
  Link link;
  link.hardware_address = kMac;
  EXPECT_EQ(OriginOf(MakeAddress(kOfMac, IFA_F_PERMANENT), link), v1::InterfaceAddress::MANUAL);
  EXPECT_EQ(OriginOf(MakeAddress(kOfMac, 0), link), v1::InterfaceAddress::LINK_LAYER);
  EXPECT_EQ(OriginOf(MakeAddress(Ipv6(1, "\xfe\x80"s), IFA_F_PERMANENT), link),
            v1::InterfaceAddress::LINK_LAYER);
}

}  // namespace
}  // namespace toolboxd::guestinfod
