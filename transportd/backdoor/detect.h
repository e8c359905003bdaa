// SPDX-License-Identifier: Apache-2.0

// Whether this is a VMware guest with a usable backdoor (docs/protocol/transport.md 1.5).

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "transportd/backdoor/port.h"
#include "transportd/backdoor/probe.h"

namespace toolboxd::backdoor {

// Probe, as a status: NotFound if the access faults or there is no answer; the message says which.
// CpuPort::kind() is the instruction that answered.
absl::Status ProbeBackdoor(Port& port);

// What the host says of itself. For a port that ProbeBackdoor() has found to answer.
struct HostDescription {
  // "VMware ESX" and the like; empty for a number that is not known.
  std::string product;
  // Such as 19; 0 if the host does not say.
  uint32_t hardware_version = 0;
};
HostDescription DescribeHost(Port& port);

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_
