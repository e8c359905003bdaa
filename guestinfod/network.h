// SPDX-License-Identifier: Apache-2.0

// Turns the kernel's network configuration into what the host sees.

#ifndef TOOLBOXD_GUESTINFOD_NETWORK_H_
#define TOOLBOXD_GUESTINFOD_NETWORK_H_

#include "guestinfod/interfaces.h"
#include "guestinfod/network_state.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// Sets interfaces, routes and primary_address of the snapshot.
//
// Interfaces and their addresses are those of SelectInterfaces; a member of a bond or team has its
// permanent MAC address. Routes are those of these interfaces, default routes first, at most 100.
// Addresses that the kernel gave a finite lifetime have their origin reported as DHCP or, for IPv6,
// as autoconfigured.
//
// The primary address is the first one of the first preferred interface with an address, else the
// one that the IPv4 default route with the lowest metric uses, else the best one: container
// interfaces and link-local addresses only where there is nothing better, hardware before virtual,
// IPv4 before IPv6, and of IPv6 the one of the default route (docs/protocol/guest-info.md 3.9).
void FillNetwork(const NetworkState& state, const NetworkOptions& options,
                 const IsDevice& is_device, v1::GuestInfoSnapshot& snapshot);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_NETWORK_H_
