// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/network.h"

#include <dirent.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/ip_address.h"
#include "base/utf8.h"

namespace toolboxd::guestinfod {
namespace {

using Addresses = std::vector<const Address*>;

constexpr size_t kMaxInterfaces = 16;
constexpr size_t kMaxInterfaceAddresses = 2048;
constexpr size_t kMaxRoutes = 100;
// Bond of VLANs on bonds.
constexpr int kMaxStack = 4;

// Position of the first pattern that matches; the number of patterns if none does.
size_t MatchPosition(const std::vector<std::string>& patterns, const std::string& name) {
  size_t i = 0;
  while (i < patterns.size() && fnmatch(patterns[i].c_str(), name.c_str(), 0) != 0) ++i;
  return i;
}

bool Matches(const std::vector<std::string>& patterns, const std::string& name) {
  return MatchPosition(patterns, name) < patterns.size();
}

bool IsIpv4(const Address& address) { return address.bytes.size() == 4; }

// fe80::/10 and 169.254.0.0/16.
bool IsLinkLocal(absl::string_view bytes) {
  if (bytes.size() == 4) return bytes[0] == '\xa9' && bytes[1] == '\xfe';
  return bytes[0] == '\xfe' && (static_cast<uint8_t>(bytes[1]) & 0xc0) == 0x80;
}

v1::InterfaceAddress::Status StatusOf(const Address& address) {
  if (address.flags & IFA_F_DADFAILED) return v1::InterfaceAddress::DUPLICATE;
  if (address.flags & IFA_F_OPTIMISTIC) return v1::InterfaceAddress::OPTIMISTIC;
  if (address.flags & IFA_F_TENTATIVE) return v1::InterfaceAddress::TENTATIVE;
  if (address.flags & IFA_F_DEPRECATED) return v1::InterfaceAddress::DEPRECATED;
  return v1::InterfaceAddress::PREFERRED;
}

// Whether the lower half of an IPv6 address was made of the MAC address (RFC 4291, EUI-64).
bool IsMadeOfMac(absl::string_view address, absl::string_view mac) {
  if (mac.size() != 6) return false;
  const std::string made = {
      static_cast<char>(mac[0] ^ 2), mac[1], mac[2], '\xff', '\xfe', mac[3], mac[4], mac[5]};
  return address.substr(8) == made;
}

v1::InterfaceAddress::Origin OriginOf(const Address& address, const Link& link) {
  const bool permanent = (address.flags & IFA_F_PERMANENT) != 0;
  if (IsIpv4(address)) {
    if (IsLinkLocal(address.bytes)) return v1::InterfaceAddress::RANDOM;
    // Only a lease makes an IPv4 address end.
    return permanent ? v1::InterfaceAddress::MANUAL : v1::InterfaceAddress::DHCP;
  }
  if (address.flags & IFA_F_TEMPORARY) return v1::InterfaceAddress::RANDOM;
  if (IsMadeOfMac(address.bytes, link.hardware_address) || IsLinkLocal(address.bytes)) {
    return v1::InterfaceAddress::LINK_LAYER;
  }
  if (permanent) return v1::InterfaceAddress::MANUAL;
  // DHCPv6 gives single addresses; what has a prefix was configured from an advertisement.
  return address.prefix_length == 128 ? v1::InterfaceAddress::DHCP : v1::InterfaceAddress::RANDOM;
}

std::string MacText(absl::string_view mac) {
  std::string text;
  for (const char byte : mac) {
    absl::StrAppendFormat(&text, "%s%02x", text.empty() ? "" : ":", static_cast<uint8_t>(byte));
  }
  return text;
}

// An interface that is reported, and its addresses in the kernel's order, IPv4 first.
struct Interface {
  const Link* link;
  Addresses addresses;
  bool hardware;
};

std::vector<Interface> SelectInterfaces(const NetworkState& state, const NetworkOptions& options,
                                        const IsHardware& is_hardware) {
  std::map<int32_t, Addresses> addresses;
  for (const Address& address : state.addresses) addresses[address.index].push_back(&address);

  std::vector<Interface> interfaces;
  for (const Link& link : state.links) {
    if (link.type != ARPHRD_ETHER || link.hardware_address.size() != 6 ||
        (link.flags & IFF_LOOPBACK) || Matches(options.excluded, link.name)) {
      continue;
    }
    Interface interface = {&link, addresses[link.index], is_hardware(link.name)};
    if (interface.addresses.empty() && !interface.hardware) continue;
    std::stable_partition(interface.addresses.begin(), interface.addresses.end(),
                          [](const Address* address) { return IsIpv4(*address); });
    interfaces.push_back(std::move(interface));
  }

  const auto rank = [&options](const Interface& interface) {
    const std::string& name = interface.link->name;
    const int kind = Matches(options.last, name)   ? 3
                     : !interface.hardware         ? 2
                     : interface.addresses.empty() ? 1
                                                   : 0;
    return std::tuple(MatchPosition(options.preferred, name), kind, interface.link->index);
  };
  std::sort(interfaces.begin(), interfaces.end(),
            [&rank](const Interface& a, const Interface& b) { return rank(a) < rank(b); });
  if (interfaces.size() > kMaxInterfaces) interfaces.resize(kMaxInterfaces);
  return interfaces;
}

void AddInterface(const Interface& interface, v1::GuestInfoSnapshot& snapshot) {
  v1::NetworkInterface& nic = *snapshot.add_interfaces();
  nic.set_name(PrintableUtf8(interface.link->name));
  nic.set_mac_address(MacText(interface.link->hardware_address));
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

// How good an address is as the guest's primary one; lower is better.
int AddressCost(const Address& address) {
  const v1::InterfaceAddress::Status status = StatusOf(address);
  return (IsLinkLocal(address.bytes) ? 4 : 0) + (IsIpv4(address) ? 0 : 2) +
         (status == v1::InterfaceAddress::PREFERRED ? 0 : 1);
}

const Address* BestOf(const Interface& interface) {
  const auto best = std::min_element(
      interface.addresses.begin(), interface.addresses.end(),
      [](const Address* a, const Address* b) { return AddressCost(*a) < AddressCost(*b); });
  return best == interface.addresses.end() ? nullptr : *best;
}

// The address that the best default route of a family uses.
const Address* ByDefaultRoute(const NetworkState& state, const std::vector<Interface>& interfaces,
                              size_t address_size) {
  const RouteEntry* best = nullptr;
  const Interface* best_interface = nullptr;
  for (const RouteEntry& route : state.routes) {
    if (route.prefix_length != 0 || route.destination.size() != address_size) continue;
    if (best != nullptr && best->metric <= route.metric) continue;
    for (const Interface& interface : interfaces) {
      if (interface.link->index != route.index) continue;
      best = &route;
      best_interface = &interface;
    }
  }
  if (best == nullptr) return nullptr;
  Interface same_family = *best_interface;
  std::erase_if(same_family.addresses, [address_size](const Address* address) {
    return address->bytes.size() != address_size;
  });
  for (const Address* address : same_family.addresses) {
    if (address->bytes == best->preferred_source) return address;
  }
  return BestOf(same_family);
}

const Address* PrimaryAddress(const NetworkState& state, const NetworkOptions& options,
                              const std::vector<Interface>& interfaces) {
  for (const Interface& interface : interfaces) {
    if (!Matches(options.preferred, interface.link->name)) break;
    if (!interface.addresses.empty()) return BestOf(interface);
  }
  if (const Address* address = ByDefaultRoute(state, interfaces, 4)) return address;
  const Address* best = ByDefaultRoute(state, interfaces, 16);
  for (const Interface& interface : interfaces) {
    const Address* address = BestOf(interface);
    if (address == nullptr) continue;
    if (best == nullptr || AddressCost(*address) < AddressCost(*best)) best = address;
  }
  return best;
}

// Calls `visit` with the names of the interfaces that this one is made of.
template <typename Visit>
void ForEachLower(const std::string& folder, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory.get())) {
    const absl::string_view name = entry->d_name;
    if (absl::StartsWith(name, "lower_")) visit(std::string(name.substr(6)));
  }
}

bool HasDevice(const std::string& root, const std::string& name, int depth) {
  if (depth > kMaxStack || absl::StrContains(name, "/")) return false;
  const std::string folder = absl::StrCat(root, "/sys/class/net/", name);
  if (access((folder + "/device").c_str(), F_OK) == 0) return true;
  bool found = false;
  ForEachLower(folder, [&](const std::string& lower) {
    found = found || HasDevice(root, lower, depth + 1);
  });
  return found;
}

}  // namespace

NetworkOptions DefaultNetworkOptions() {
  NetworkOptions options;
  options.excluded = {"docker*", "veth*", "virbr*", "antrea-*", "cali*"};
  options.last = {"cni*",    "br-*", "kube*", "flannel*", "vnet*",      "lxc*",  "lxd*",
                  "podman*", "tap*", "tun*",  "ovs-*",    "genev_sys*", "vxlan*"};
  return options;
}

void FillNetwork(const NetworkState& state, const NetworkOptions& options,
                 const IsHardware& is_hardware, v1::GuestInfoSnapshot& snapshot) {
  const std::vector<Interface> interfaces = SelectInterfaces(state, options, is_hardware);
  snapshot.clear_interfaces();
  for (const Interface& interface : interfaces) AddInterface(interface, snapshot);
  snapshot.clear_routes();
  AddRoutes(state, interfaces, snapshot);
  if (!options.primary_address.empty()) {
    snapshot.set_primary_address(options.primary_address);
  } else {
    const Address* primary = PrimaryAddress(state, options, interfaces);
    snapshot.set_primary_address(primary == nullptr ? "" : IpAddressText(primary->bytes));
  }
}

bool IsHardwareInterface(const std::string& root, const std::string& name) {
  return HasDevice(root, name, 0);
}

}  // namespace toolboxd::guestinfod
