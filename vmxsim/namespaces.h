// SPDX-License-Identifier: Apache-2.0

// What keeps a guest from the machine it runs on: its own processes, mounts, host name and network.

#ifndef TOOLBOXD_VMXSIM_NAMESPACES_H_
#define TOOLBOXD_VMXSIM_NAMESPACES_H_

#include <string>

#include "absl/status/status.h"

namespace toolboxd::vmxsim {

// The guest's interface, as its configuration and as what tests expect.
inline constexpr char kGuestHostName[] = "vmxsim-guest";
inline constexpr char kGuestInterface[] = "eth0";
inline constexpr char kGuestMac[] = "00:50:56:0a:0b:0c";
inline constexpr char kGuestIpv4[] = "192.0.2.10";    // /24, gateway 192.0.2.1
inline constexpr char kGuestIpv6[] = "2001:db8::10";  // /64, gateway 2001:db8::1

// clone(2) flags of the guest's first process.
int NamespaceFlags();

// In the guest's first process: private mounts and a new /proc; hides /dev/vsock, /dev/vmci,
// /run/systemd and the system bus; covers shutdown, reboot, poweroff, halt, systemctl and the like
// with `recorder` (this program's own path).
absl::Status SetUpMounts(const std::string& recorder);

// Host name, loopback, the interface, addresses and default routes. Needs the guest's own /proc.
absl::Status SetUpHostName();
absl::Status SetUpNetwork();

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_NAMESPACES_H_
