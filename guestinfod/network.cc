// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/network.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/ip_address.h"
#include "base/utf8.h"
#include "guestinfod/interface_addresses.h"

namespace toolboxd::guestinfod {
namespace {

constexpr size_t kMaxInterfaceAddresses = 2048;
constexpr size_t kMaxRoutes = 100;

std::string MacText(absl::string_view mac) {
  std::string text;
  for (const char byte : mac) {
    absl::StrAppendFormat(&text, "%s%02x", text.empty() ? "" : ":", static_cast<uint8_t>(byte));
  }
  return text;
}

// The MAC address by which the host knows the NIC: a bond's or team's member has lent its own.
absl::string_view MacOf(const Link& link) {
  const bool is_member = link.master != 0 && link.permanent_address.size() == 6;
  return is_member ? link.permanent_address : link.hardware_address;
}

void AddInterface(const Interface& interface, v1::GuestInfoSnapshot& snapshot) {
  v1::NetworkInterface& nic = *snapshot.add_interfaces();
  nic.set_name(PrintableUtf8(interface.link->name));
  nic.set_mac_address(MacText(MacOf(*interface.link)));
  nic.set_index(static_cast<uint32_t>(interface.link->index));
  for (const Address* address : interface.addresses) {
    if (nic.addresses_size() == static_cast<int>(kMaxInterfaceAddresses)) break;
    const v1::InterfaceAddress::Origin origin = OriginOf(*address, *interface.link);
    v1::InterfaceAddress& told = *nic.add_addresses();
    told.set_address(IpAddressText(address->bytes));
    told.set_prefix_length(address->prefix_length);
    told.set_origin(origin);
    told.set_status(StatusOf(*address));
    if (origin != v1::InterfaceAddress::DHCP) continue;
    if (IsIpv4(*address)) {
      nic.set_dhcp4(true);
    } else {
      nic.set_dhcp6(true);
    }
  }
}

void AddRoutes(const NetworkState& state, const std::vector<Interface>& interfaces,
               v1::GuestInfoSnapshot& snapshot) {
  std::map<int32_t, uint32_t> positions;
  for (const Interface& interface : interfaces) {
    positions.emplace(interface.link->index, static_cast<uint32_t>(positions.size()));
  }
  std::vector<const RouteEntry*> routes;
  for (const RouteEntry& route : state.routes) {
    if (positions.count(route.index) > 0) routes.push_back(&route);
  }
  // The kernel's order, but default routes must not fall off the end.
  std::stable_partition(routes.begin(), routes.end(),
                        [](const RouteEntry* route) { return route->prefix_length == 0; });
  if (routes.size() > kMaxRoutes) routes.resize(kMaxRoutes);
  for (const RouteEntry* route : routes) {
    v1::Route& told = *snapshot.add_routes();
    told.set_destination(IpAddressText(route->destination));
    told.set_prefix_length(route->prefix_length);
    told.set_next_hop(IpAddressText(route->gateway));
    told.set_interface_position(positions[route->index]);
    told.set_metric(route->metric);
  }
}

// The address that the default route of a family with the lowest metric uses: of those on
// interfaces with a carrier if there are such.
const Address* ByDefaultRoute(const NetworkState& state, const std::vector<Interface>& interfaces,
                              size_t address_size) {
  const RouteEntry* best = nullptr;
  const Interface* best_interface = nullptr;
  const auto rank = [](const Interface& interface, const RouteEntry& route) {
    return std::tuple(!interface.is_running, route.metric);
  };
  for (const RouteEntry& route : state.routes) {
    if (route.prefix_length != 0 || route.destination.size() != address_size) continue;
    for (const Interface& interface : interfaces) {
      if (interface.link->index != route.index || interface.addresses.empty()) continue;
      if (best != nullptr && rank(*best_interface, *best) <= rank(interface, route)) continue;
      best = &route;
      best_interface = &interface;
    }
  }
  const Address* first = nullptr;
  if (best == nullptr) return first;
  for (const Address* address : best_interface->addresses) {
    if (address->bytes.size() != address_size) continue;
    if (address->bytes == best->preferred_source) return address;
    if (first == nullptr) first = address;
  }
  return first;
}

// The best address where no default route of IPv4 decides: not on a container's interface, not
// link-local, of hardware, with a carrier; then IPv4, and then as the default route of IPv6 says.
const Address* BestAddress(const std::vector<Interface>& interfaces, const Address* by_route) {
  const auto rank = [by_route](const Interface& interface, const Address& address) {
    return std::tuple(interface.is_last, IsLinkLocal(address), !interface.is_hardware,
                      !interface.is_running, !IsIpv4(address), &address != by_route,
                      RankOf(address, *interface.link));
  };
  const Address* best = nullptr;
  const Interface* best_interface = nullptr;
  for (const Interface& interface : interfaces) {
    for (const Address* address : interface.addresses) {
      if (best != nullptr && rank(*best_interface, *best) <= rank(interface, *address)) continue;
      best = address;
      best_interface = &interface;
    }
  }
  return best;
}

const Address* PrimaryAddress(const NetworkState& state, const std::vector<Interface>& interfaces) {
  for (const Interface& interface : interfaces) {
    if (!interface.is_preferred) break;
    if (!interface.addresses.empty()) return interface.addresses.front();
  }
  if (const Address* address = ByDefaultRoute(state, interfaces, 4)) return address;
  return BestAddress(interfaces, ByDefaultRoute(state, interfaces, 16));
}

}  // namespace

void FillNetwork(const NetworkState& state, const NetworkOptions& options,
                 const IsDevice& is_device, v1::GuestInfoSnapshot& snapshot) {
  const std::vector<Interface> interfaces = SelectInterfaces(state, options, is_device);
  snapshot.clear_interfaces();
  for (const Interface& interface : interfaces) AddInterface(interface, snapshot);
  snapshot.clear_routes();
  AddRoutes(state, interfaces, snapshot);
  if (!options.primary_address.empty()) {
    snapshot.set_primary_address(options.primary_address);
  } else {
    const Address* primary = PrimaryAddress(state, interfaces);
    snapshot.set_primary_address(primary == nullptr ? "" : IpAddressText(primary->bytes));
  }
}

}  // namespace toolboxd::guestinfod
