// SPDX-License-Identifier: Apache-2.0

// What systemd's network services know of each interface: name servers, search domains, leases.

#ifndef TOOLBOXD_GUESTINFOD_LINK_SETTINGS_H_
#define TOOLBOXD_GUESTINFOD_LINK_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "guestinfod/resolved.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// The resolver settings of the interface with this index, if systemd-networkd manages it
// (run/systemd/netif/links/INDEX below `root`; "" is the system's own). At most 16 servers and 10
// domains; routing-only domains are left out. Addresses are canonical text without scope, port and
// server name.
std::optional<v1::DnsConfiguration> ReadManagedDns(const std::string& root, uint32_t index);

// Whether systemd-resolved knows more of an interface of the snapshot than these files: it has
// written its resolv.conf, and systemd-networkd does not manage the interface.
bool IsResolvedNeeded(const std::string& root, const v1::GuestInfoSnapshot& snapshot);

// The IPv4 address for which systemd-networkd has a lease of DHCP on the interface
// (run/systemd/netif/leases/INDEX); empty if there is none.
std::string LeasedAddress(const std::string& root, uint32_t index);

// Sets the resolver settings of the snapshot's interfaces as systemd-resolved uses them, if it has
// written its resolv.conf: of those that systemd-networkd does not manage, `resolved` has them. An
// interface without settings has no `dns`. Where a lease has no end, so that the kernel does not
// show it, sets the origin of its address and dhcp4.
void AddLinkSettings(const std::string& root, const LinkDns& resolved,
                     v1::GuestInfoSnapshot& snapshot);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_LINK_SETTINGS_H_
