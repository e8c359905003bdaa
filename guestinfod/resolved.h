// SPDX-License-Identifier: Apache-2.0

// What systemd-resolved was given for each interface, as by NetworkManager.

#ifndef TOOLBOXD_GUESTINFOD_RESOLVED_H_
#define TOOLBOXD_GUESTINFOD_RESOLVED_H_

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// The settings by the kernel's index of the interface. At most 16 servers and 10 search domains
// each; routing-only domains are left out.
using LinkDns = std::map<uint32_t, v1::DnsConfiguration>;

// The properties DNS and Domains of org.freedesktop.resolve1.Manager on the system bus, without
// those of no interface. The files in which systemd-resolved keeps them are its own. UNAVAILABLE if
// there is no bus, or nothing answers on it in time; never starts systemd-resolved. Thread-safe.
absl::StatusOr<LinkDns> ReadResolved(absl::Duration timeout);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_RESOLVED_H_
