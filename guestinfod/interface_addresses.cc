// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/interface_addresses.h"

#include <linux/if_addr.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd::guestinfod {
namespace {

// Whether the lower half of an IPv6 address was made of the MAC address (RFC 4291, EUI-64).
bool IsMadeOfMac(absl::string_view address, absl::string_view mac) {
  if (mac.size() != 6) return false;
  const std::string made = {
      static_cast<char>(mac[0] ^ 2), mac[1], mac[2], '\xff', '\xfe', mac[3], mac[4], mac[5]};
  return address.substr(8) == made;
}

// For IPv4 the same bit marks all but the first address of a network.
bool IsTemporary(const Address& address) {
  return !IsIpv4(address) && (address.flags & IFA_F_TEMPORARY) != 0;
}

int StatusRank(const Address& address) {
  switch (StatusOf(address)) {
    case v1::InterfaceAddress::TENTATIVE:
      return 1;
    case v1::InterfaceAddress::DEPRECATED:
      return 2;
    case v1::InterfaceAddress::DUPLICATE:
      return 3;
    default:
      return 0;
  }
}

int OriginRank(const Address& address, const Link& link) {
  // The kernel's order of IPv4 addresses is that in which it uses them.
  if (IsIpv4(address)) return 0;
  switch (OriginOf(address, link)) {
    case v1::InterfaceAddress::MANUAL:
      return 0;
    case v1::InterfaceAddress::DHCP:
      return 1;
    default:
      return 2;
  }
}

}  // namespace

v1::InterfaceAddress::Status StatusOf(const Address& address) {
  if (address.flags & IFA_F_DADFAILED) return v1::InterfaceAddress::DUPLICATE;
  if (address.flags & IFA_F_OPTIMISTIC) return v1::InterfaceAddress::OPTIMISTIC;
  if (address.flags & IFA_F_TENTATIVE) return v1::InterfaceAddress::TENTATIVE;
  if (address.flags & IFA_F_DEPRECATED) return v1::InterfaceAddress::DEPRECATED;
  return v1::InterfaceAddress::PREFERRED;
}

v1::InterfaceAddress::Origin OriginOf(const Address& address, const Link& link) {
  const bool permanent = (address.flags & IFA_F_PERMANENT) != 0;
  if (IsIpv4(address)) {
    if (IsLinkLocal(address)) return v1::InterfaceAddress::RANDOM;
    // Only a lease makes an IPv4 address end.
    return permanent ? v1::InterfaceAddress::MANUAL : v1::InterfaceAddress::DHCP;
  }
  if (IsTemporary(address)) return v1::InterfaceAddress::RANDOM;
  if (IsLinkLocal(address)) return v1::InterfaceAddress::LINK_LAYER;
  if (permanent) return v1::InterfaceAddress::MANUAL;
  if (IsMadeOfMac(address.bytes, link.hardware_address)) return v1::InterfaceAddress::LINK_LAYER;
  // DHCPv6 gives single addresses; what has a prefix was configured from an advertisement.
  return address.prefix_length == 128 ? v1::InterfaceAddress::DHCP : v1::InterfaceAddress::RANDOM;
}

bool IsIpv4(const Address& address) { return address.bytes.size() == 4; }

bool IsLinkLocal(const Address& address) {
  const std::string& bytes = address.bytes;
  if (bytes.size() == 4) return bytes[0] == '\xa9' && bytes[1] == '\xfe';
  return bytes[0] == '\xfe' && (static_cast<uint8_t>(bytes[1]) & 0xc0) == 0x80;
}

AddressRank RankOf(const Address& address, const Link& link) {
  return {.is_ipv6 = !IsIpv4(address),
          .is_link_local = IsLinkLocal(address),
          .status = StatusRank(address),
          .is_temporary = IsTemporary(address),
          .origin = OriginRank(address, link)};
}

void SortAddresses(const Link& link, std::vector<const Address*>& addresses) {
  std::stable_sort(addresses.begin(), addresses.end(), [&link](const Address* a, const Address* b) {
    return RankOf(*a, link) < RankOf(*b, link);
  });
}

}  // namespace toolboxd::guestinfod
