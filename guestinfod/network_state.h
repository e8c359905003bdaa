// SPDX-License-Identifier: Apache-2.0

// The kernel's network configuration, as rtnetlink(7) reports it.

#ifndef TOOLBOXD_GUESTINFOD_NETWORK_STATE_H_
#define TOOLBOXD_GUESTINFOD_NETWORK_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::guestinfod {

struct Link {
  int32_t index = 0;
  // IFF_UP and so on.
  uint32_t flags = 0;
  // ARPHRD_ETHER and so on.
  uint16_t type = 0;
  std::string name;
  // Bytes; 6 for Ethernet.
  std::string hardware_address;
};

struct Address {
  int32_t index = 0;
  // 4 or 16 bytes in network order.
  std::string bytes;
  uint8_t prefix_length = 0;
  uint8_t scope = 0;
  // IFA_F_PERMANENT and so on.
  uint32_t flags = 0;
};

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
  std::vector<Link> links;
  std::vector<Address> addresses;
  // Unicast routes of the main table.
  std::vector<RouteEntry> routes;
  // False if the network changed during the dump, which then has to be done again.
  bool consistent = true;
};

// Bounds of what is kept; the rest of a longer dump is dropped.
inline constexpr size_t kMaxLinks = 4096;
inline constexpr size_t kMaxAddresses = 8192;
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
