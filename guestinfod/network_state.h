// SPDX-License-Identifier: Apache-2.0

// The kernel's network configuration, as rtnetlink(7) reports it.

#ifndef TOOLBOXD_GUESTINFOD_NETWORK_STATE_H_
#define TOOLBOXD_GUESTINFOD_NETWORK_STATE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::guestinfod {

// One network interface, as rtnetlink describes it.
struct Link {
  int32_t index = 0;
  // IFF_UP and so on.
  uint32_t flags = 0;
  // ARPHRD_ETHER and so on.
  uint16_t type = 0;
  std::string name;
  // Bytes; 6 for Ethernet.
  std::string hardware_address;
  // What the device was made with, where the kernel says so (5.6); a bond gives its members its own
  // hardware_address.
  std::string permanent_address;
  // The kernel's name of a kind of virtual device, such as "bond" or "vlan"; empty for hardware.
  std::string kind;
  // Index of the bond, bridge and the like that this link is a member of; 0 for none.
  int32_t master = 0;
  // Index of the link that this one is on, as a VLAN is, in this network namespace; 0 for none. For
  // veth the other end.
  int32_t lower = 0;
};

// One address of an interface, as rtnetlink describes it.
struct Address {
  int32_t index = 0;
  // 4 or 16 bytes in network order.
  std::string bytes;
  uint8_t prefix_length = 0;
  uint8_t scope = 0;
  // IFA_F_PERMANENT and so on.
  uint32_t flags = 0;
};

// One route of the main table.
struct RouteEntry {
  int32_t index = 0;
  // 4 or 16 bytes in network order.
  std::string destination;
  uint8_t prefix_length = 0;
  // As long as destination; empty for none.
  std::string gateway;
  std::string preferred_source;
  uint32_t metric = 0;
};

// Each list in the kernel's order.
struct NetworkState {
  // Which links are kept; empty: all.
  std::function<bool(const Link&)> wants;
  // The links by whose index addresses and routes are kept; nothing: all.
  std::optional<std::unordered_set<int32_t>> only;

  std::vector<Link> links;
  // How many of them have a kind.
  size_t virtual_links = 0;
  std::vector<Address> addresses;
  // Unicast routes of the main table.
  std::vector<RouteEntry> routes;
  // False if the network changed during the dump, which then has to be done again.
  bool consistent = true;
};

// Bounds of what is kept; the rest of a longer dump is dropped. Hardware and virtual links are
// counted apart: no number of the latter keeps a NIC from being seen.
inline constexpr size_t kMaxLinks = 4096;
inline constexpr size_t kMaxAddresses = 32768;
inline constexpr size_t kMaxRouteEntries = 4096;

// Adds the links, addresses and routes of one datagram of a dump to the state. True when it
// ends the dump; an error, which ends it too, if the kernel reports one. Messages that do not
// answer the request with this sequence number, and malformed ones, are skipped.
absl::StatusOr<bool> AddDump(absl::string_view datagram, uint32_t sequence, NetworkState& state);

// Whether a datagram of multicast notices says anything about links, addresses or the routes
// of the main table. Cached routes and other tables come and go all the time.
bool IsRelevantNotice(absl::string_view datagram);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_NETWORK_STATE_H_
