// SPDX-License-Identifier: Apache-2.0

// What the kernel knows of an address, as the host sees it, and in which order.

#ifndef TOOLBOXD_GUESTINFOD_INTERFACE_ADDRESSES_H_
#define TOOLBOXD_GUESTINFOD_INTERFACE_ADDRESSES_H_

#include <compare>
#include <vector>

#include "guestinfod/network_state.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// The status that the kernel's flags stand for (docs/protocol/guest-info.md 3.9).
v1::InterfaceAddress::Status StatusOf(const Address& address);

// Where an address of this link comes from. An address without an end is manual: a lease without an
// end looks the same here.
v1::InterfaceAddress::Origin OriginOf(const Address& address, const Link& link);

// Whether the address has the 4 bytes of IPv4.
bool IsIpv4(const Address& address);

// fe80::/10 and 169.254.0.0/16.
bool IsLinkLocal(const Address& address);

// Compares as addresses of one interface are ordered: what may be used by others first, and among
// those what is likely to stay (docs/protocol/guest-info.md 3.9).
struct AddressRank {
  bool is_ipv6;
  bool is_link_local;
  // Preferred and optimistic, tentative, deprecated, duplicate.
  int status;
  // IPv6: by RFC 8981, which replaces it in a day.
  bool is_temporary;
  // IPv6: manual, DHCP, autoconfigured.
  int origin;

  auto operator<=>(const AddressRank&) const = default;
};
// Smaller comes first.
AddressRank RankOf(const Address& address, const Link& link);

// Sorts addresses by their ranks; equal ones keep their order.
void SortAddresses(const Link& link, std::vector<const Address*>& addresses);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_INTERFACE_ADDRESSES_H_
