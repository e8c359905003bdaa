// SPDX-License-Identifier: Apache-2.0

// CPUID as a VMware guest sees it.

#ifndef TOOLBOXD_VMXSIM_CPUID_EMULATOR_H_
#define TOOLBOXD_VMXSIM_CPUID_EMULATOR_H_

#include <cstdint>

namespace toolboxd::vmxsim {

struct CpuidResult {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// This machine's own answer, but for the hypervisor: leaf 1 has ECX bit 31 set, leaf 0x40000000
// shows "VMwareVMware" with 0x40000010 as the highest leaf, whose ECX is `hypercalls`.
CpuidResult EmulateCpuid(uint32_t leaf, uint32_t subleaf, uint32_t hypercalls = 0);

// Bits of it (docs/protocol/transport.md 1.7).
inline constexpr uint32_t kAcceptsVmmcall = 1;
inline constexpr uint32_t kAcceptsVmcall = 2;

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CPUID_EMULATOR_H_
