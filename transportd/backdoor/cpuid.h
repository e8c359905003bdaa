// SPDX-License-Identifier: Apache-2.0

// What CPUID says of the hypervisor (docs/protocol/transport.md 1.5, 1.7), for programs without a C
// library too.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_CPUID_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_CPUID_H_

#include <cpuid.h>

#include <cstdint>

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

// How registers reach the hypervisor.
enum class PortKind { kPort, kVmcall, kVmmcall };

// "port", "vmcall" or "vmmcall".
inline const char* PortKindName(PortKind kind) {
  if (kind == PortKind::kPort) return "port";
  return kind == PortKind::kVmcall ? "vmcall" : "vmmcall";
}

// The instruction that CPUID announces; VMCALL where it is both. Without VMware, and where nothing
// is announced, the port.
template <typename Cpuid>
PortKind AnnouncedPort(const Cpuid& cpuid) {
  constexpr uint32_t kHypercallLeaf = 0x40000010;
  if (!IsVmwareCpu(cpuid) || cpuid(0x40000000).eax < kHypercallLeaf) return PortKind::kPort;
  const uint32_t accepted = cpuid(kHypercallLeaf).ecx;
  if (accepted & 2) return PortKind::kVmcall;
  return accepted & 1 ? PortKind::kVmmcall : PortKind::kPort;
}

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_CPUID_H_
