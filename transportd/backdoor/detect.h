// SPDX-License-Identifier: Apache-2.0

// Whether this is a VMware guest with a usable backdoor (docs/protocol/transport.md 1.5).

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {

struct CpuidResult {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};
using Cpuid = std::function<CpuidResult(uint32_t leaf)>;

// The processor's own CPUID instruction.
CpuidResult ReadCpuid(uint32_t leaf);

// Whether CPUID shows a hypervisor that calls itself "VMwareVMware".
bool IsVmwareCpu(const Cpuid& cpuid);

// Asks the backdoor for its version. The first access to the port outside VMware faults, so
// SIGSEGV and SIGILL are caught for the time of this one call: call it before other threads
// exist. NotFound if it faults or there is no answer; the message says which.
absl::Status ProbeBackdoor(Port& port);

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_DETECT_H_
