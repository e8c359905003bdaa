// SPDX-License-Identifier: Apache-2.0

// What shows a VMware hypervisor (docs/protocol/transport.md 1.5), for programs without a C library
// too.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_HYPERVISOR_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_HYPERVISOR_H_

#include <cpuid.h>

#include <cstdint>

#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {

struct CpuidResult {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// The processor's own CPUID instruction. In a virtual machine each one is an exit to the
// hypervisor.
inline CpuidResult ReadCpuid(uint32_t leaf) {
  CpuidResult result;
  __cpuid(leaf, result.eax, result.ebx, result.ecx, result.edx);
  return result;
}

// Whether CPUID, a function from a leaf to its result, shows a hypervisor that calls itself
// "VMwareVMware".
template <typename Cpuid>
bool IsVmwareCpu(const Cpuid& cpuid) {
  constexpr uint32_t kHypervisorBit = 1u << 31;
  if (!(cpuid(1).ecx & kHypervisorBit)) return false;
  const CpuidResult vendor = cpuid(0x40000000);
  return vendor.ebx == 0x61774D56 && vendor.ecx == 0x4D566572 && vendor.edx == 0x65726177;
}

enum class ProbeResult {
  kAnswered,
  // The access ended in SIGSEGV or SIGILL: not VMware, or a host that restricts the backdoor.
  kFaulted,
  // No hypervisor changed the registers.
  kSilent,
};

// Asks the backdoor for its version; a fault is the caller's.
inline ProbeResult AskVersion(Port& port) {
  Registers registers;
  registers.ax = kMagic;
  registers.bx = static_cast<uint32_t>(~kMagic);
  registers.cx = kCommandGetVersion;
  registers.dx = kLowBandwidthPort;
  port.In(registers);
  const bool answered = static_cast<uint32_t>(registers.bx) == kMagic &&
                        static_cast<uint32_t>(registers.ax) == kVersion;
  return answered ? ProbeResult::kAnswered : ProbeResult::kSilent;
}

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_HYPERVISOR_H_
