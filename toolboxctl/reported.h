// SPDX-License-Identifier: Apache-2.0

// toolboxctl nics, disks and info: what the host has been sent about this guest.

#ifndef TOOLBOXD_TOOLBOXCTL_REPORTED_H_
#define TOOLBOXD_TOOLBOXCTL_REPORTED_H_

#include <string>

#include "absl/time/time.h"
#include "toolboxctl/output.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Interfaces with their addresses, DNS, routes.
std::string NicsText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal);

// Mounted file systems with their sizes and devices.
std::string DisksText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal);

// Names, operating system, memory; and when the host took each kind of information.
std::string InfoText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal);

// As the flags of show.h say; the exit status. `verb` is "nics", "disks" or "info".
int ReportedMain(const std::string& verb);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_REPORTED_H_
