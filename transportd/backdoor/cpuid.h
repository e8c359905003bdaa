// SPDX-License-Identifier: Apache-2.0

// What CPUID says of the hypervisor (docs/protocol/transport.md 1.5, 1.7), or DMI on arm64, which
// has no such instruction (1.8). For programs without a C library too.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_CPUID_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_CPUID_H_

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include <cstdint>
#include <string_view>

namespace toolboxd::backdoor {

struct CpuidResult {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// A bit of leaf 1, in ECX.
inline constexpr uint32_t kHypervisorBit = 1u << 31;
// "VMwareVMware", in EBX, ECX and EDX.
inline constexpr uint32_t kVmwareVendor[] = {0x61774D56, 0x4D566572, 0x65726177};

// VMware's leaves, as x86 has them in a guest that is offered no hypercalls, if `vendor` begins
// with "VMware"; otherwise nothing. `vendor` is that of DMI's system.
inline CpuidResult CpuidOfVendor(std::string_view vendor, uint32_t leaf) {
  if (vendor.substr(0, 6) != "VMware") return {};
  if (leaf == 1) return {.ecx = kHypervisorBit};
  if (leaf != 0x40000000) return {};
  return {.eax = leaf, .ebx = kVmwareVendor[0], .ecx = kVmwareVendor[1], .edx = kVmwareVendor[2]};
}

#ifdef __x86_64__
// The processor's own CPUID instruction. In a virtual machine each one is an exit to the
// hypervisor.
inline CpuidResult ReadCpuid(uint32_t leaf) {
  CpuidResult result;
  __cpuid(leaf, result.eax, result.ebx, result.ecx, result.edx);
  return result;
}
#else
// CpuidOfVendor() by /sys/class/dmi/id/sys_vendor, which everybody may read.
CpuidResult ReadCpuid(uint32_t leaf);
#endif

// Whether CPUID, a function from a leaf to its result, shows a hypervisor that calls itself
// "VMwareVMware".
template <typename Cpuid>
bool IsVmwareCpu(const Cpuid& cpuid) {
  if (!(cpuid(1).ecx & kHypervisorBit)) return false;
  const CpuidResult vendor = cpuid(0x40000000);
  return vendor.ebx == kVmwareVendor[0] && vendor.ecx == kVmwareVendor[1] &&
         vendor.edx == kVmwareVendor[2];
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
