// SPDX-License-Identifier: Apache-2.0

// Which network interfaces the host sees, and in which order.

#ifndef TOOLBOXD_GUESTINFOD_INTERFACES_H_
#define TOOLBOXD_GUESTINFOD_INTERFACES_H_

#include <functional>
#include <string>
#include <vector>

#include "guestinfod/network_state.h"

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

// Whether an interface is a device, by its name.
using IsDevice = std::function<bool(const std::string& name)>;

// An interface that is reported.
struct Interface {
  const Link* link;
  // As SortAddresses has them; none of an interface that is down.
  std::vector<const Address*> addresses;
  bool is_preferred;
  // A device, or made of one: bond, team, bridge, VLAN, macvlan and their like, on one another too.
  bool is_hardware;
  // One of NetworkOptions::last.
  bool is_last;
  // Up, with a carrier.
  bool is_running;
};

// Whether the link can be reported: Ethernet with a MAC address of 6 bytes, not loopback, not
// excluded.
bool IsReportable(const Link& link, const NetworkOptions& options);

// The interfaces that can be reported and that are hardware or have an address: preferred ones,
// hardware with addresses, hardware without, others, and the ones to go last; among equals by
// kernel index; at most 16. They refer to the state.
std::vector<Interface> SelectInterfaces(const NetworkState& state, const NetworkOptions& options,
                                        const IsDevice& is_device);

// IsDevice by sys/class/net below `root` ("" is the system's own).
bool IsDeviceInSysfs(const std::string& root, const std::string& name);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_INTERFACES_H_
