// SPDX-License-Identifier: Apache-2.0

// What systemd's network services know of each interface: name servers, search domains, leases.

#ifndef TOOLBOXD_GUESTINFOD_LINK_SETTINGS_H_
#define TOOLBOXD_GUESTINFOD_LINK_SETTINGS_H_

#include <cstdint>
#include <string>

#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// The resolver settings of the interface with this index, as systemd-resolved uses them: those of
// systemd-networkd (run/systemd/netif/links/INDEX) for an interface that it manages, else those
// that NetworkManager or resolvectl(1) gave to systemd-resolved (run/systemd/resolve/netif/INDEX),
// below `root` ("" is the system's own). At most 16 servers and 10 domains; routing-only domains
// are left out. Addresses are canonical text without scope, port and server name. Without name
// servers and domains where nothing is known, or systemd-resolved has not written its resolv.conf.
v1::DnsConfiguration ReadLinkDns(const std::string& root, uint32_t index);

// The IPv4 address for which systemd-networkd has a lease of DHCP on the interface
// (run/systemd/netif/leases/INDEX); empty if there is none.
std::string LeasedAddress(const std::string& root, uint32_t index);

// Sets the resolver settings of the snapshot's interfaces, and where a lease has no end, so that
// the kernel does not show it, the origin of its address and dhcp4. An interface without settings
// has no `dns`.
void AddLinkSettings(const std::string& root, v1::GuestInfoSnapshot& snapshot);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_LINK_SETTINGS_H_
