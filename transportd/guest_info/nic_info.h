// SPDX-License-Identifier: Apache-2.0

// The guest's network interfaces as the host expects them (docs/protocol/guest-info.md 3.4): value
// of SetGuestInfo types 10 and 9 (XDR) and 2 (a packed structure of early hosts).
//
// The encoders use the fields interfaces, routes and dns of a snapshot. An encoder converts their
// addresses from text to the 4 or 16 bytes of the format. It leaves out what the format cannot
// hold: interfaces beyond 16, routes beyond 100, names longer than 255 bytes, routes of interfaces
// that are left out. It skips, with a line in the log once a minute, addresses and DNS servers
// whose text is not a valid IP address, and routes with such a destination or next hop; everything
// else of the snapshot is encoded. All functions are thread-safe.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_NIC_INFO_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_NIC_INFO_H_

#include <cstddef>
#include <string>

#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guest_info {

inline constexpr size_t kMaxNics = 16;
inline constexpr size_t kMaxRoutes = 100;
inline constexpr size_t kMaxMacLength = 18;
// Addresses of one interface: with message type 10, and with type 9.
inline constexpr size_t kMaxAddresses = 2048;
inline constexpr size_t kMaxAddressesOldHost = 64;
inline constexpr size_t kMaxNameLength = 255;
inline constexpr size_t kMaxDnsServers = 16;
inline constexpr size_t kMaxSearchSuffixes = 10;
// Text of an address in version 2, with its NUL.
inline constexpr size_t kMaxAddressText = 64;

// Version 3, the one with routes and DNS, with at most `max_addresses` of each interface.
std::string EncodeNicInfoV3(const v1::GuestInfoSnapshot& snapshot, size_t max_addresses);

// Version 2: addresses as text, nothing else; at most `max_addresses` of each interface.
std::string EncodeNicInfoV2(const v1::GuestInfoSnapshot& snapshot, size_t max_addresses);

// Version 1: 2,436 bytes whatever is in it, little-endian; IPv4 only, 8 of each interface.
std::string EncodeNicInfoV1(const v1::GuestInfoSnapshot& snapshot);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_NIC_INFO_H_
