// SPDX-License-Identifier: Apache-2.0

// Whether a hypervisor answers at the backdoor (docs/protocol/transport.md 1.5), for programs
// without Abseil too.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_PROBE_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_PROBE_H_

#include "transportd/backdoor/hypervisor.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {

// AskVersion() by the instruction that the port chooses; where that faults or is not answered, once
// more by the one that it falls back to. SIGSEGV and SIGILL are caught for the time of these calls,
// in the whole process: call it before other threads exist.
ProbeResult Probe(Port& port);

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_PROBE_H_
