// SPDX-License-Identifier: Apache-2.0

// Whether this is a VMware guest with a usable backdoor (docs/protocol/transport.md 1.5).

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_

#include "absl/status/status.h"
#include "transportd/backdoor/port.h"
#include "transportd/backdoor/probe.h"

namespace toolboxd::backdoor {

// Probe, as a status: NotFound if the access faults or there is no answer; the message says which.
absl::Status ProbeBackdoor(Port& port);

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_
