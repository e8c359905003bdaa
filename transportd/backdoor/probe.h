// SPDX-License-Identifier: Apache-2.0

// Whether a hypervisor answers at the backdoor (docs/protocol/transport.md 1.5), for programs
// without Abseil too.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_PROBE_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_PROBE_H_

#include <cstdint>
#include <functional>

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

enum class ProbeResult {
  kAnswered,
  // The access ended in SIGSEGV or SIGILL: not VMware, or a host that restricts the backdoor.
  kFaulted,
  // No hypervisor changed the registers.
  kSilent,
};

// Asks the backdoor for its version. SIGSEGV and SIGILL are caught for the time of this one call,
// in the whole process: call it before other threads exist.
ProbeResult Probe(Port& port);

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_PROBE_H_
