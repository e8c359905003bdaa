// SPDX-License-Identifier: Apache-2.0

// Turns the kernel's network configuration into what the host sees.

#ifndef TOOLBOXD_GUESTINFOD_NETWORK_H_
#define TOOLBOXD_GUESTINFOD_NETWORK_H_

#include <functional>
#include <string>
#include <vector>

#include "guestinfod/network_state.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// Patterns are those of fnmatch(3), for interface names.
struct NetworkOptions {
  // Hidden from the host.
  std::vector<std::string> excluded;
  // After all others.
  std::vector<std::string> last;
  // Before all others, in this order, and first choice for the primary address.
  std::vector<std::string> preferred;
  // The primary address itself, whatever the interfaces are; if empty, it is selected.
  std::string primary_address;
};

// Containers' and virtual machines' interfaces: as vmtoolsd's, and further ones to go last.
NetworkOptions DefaultNetworkOptions();

// Whether an interface is a device, or made of devices (bond, VLAN, bridge of one).
using IsHardware = std::function<bool(const std::string& name)>;

// Sets interfaces, routes and primary_address of the snapshot.
//
// Interfaces are those of Ethernet type that are hardware or have an address, without
// loopback: preferred ones, hardware with addresses, hardware without, others, and the ones
// to go last; among equals by kernel index; at most 16. Routes are those of these interfaces,
// default routes first, at most 100. Addresses that the kernel gave a finite lifetime have
// their origin reported as DHCP or, for IPv6, as autoconfigured.
//
// The primary address is on the first preferred interface with an address, else the one that
// the default route with the lowest metric uses, else the first one; IPv6 and link-local ones
// only where there is nothing better.
void FillNetwork(const NetworkState& state, const NetworkOptions& options,
                 const IsHardware& is_hardware, v1::GuestInfoSnapshot& snapshot);

// IsHardware by sys/class/net below `root` ("" is the system's own).
bool IsHardwareInterface(const std::string& root, const std::string& name);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_NETWORK_H_
