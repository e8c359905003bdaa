// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/cpuid_emulator.h"

#include <cpuid.h>
#include <string.h>

namespace toolboxd::vmxsim {
namespace {

constexpr uint32_t kHypervisorLeaf = 0x40000000;
constexpr uint32_t kHypervisorMaxLeaf = 0x40000010;

CpuidResult Hypervisor(uint32_t leaf, uint32_t hypercalls) {
  CpuidResult result;
  if (leaf == kHypervisorLeaf) {
    result.eax = kHypervisorMaxLeaf;
    memcpy(&result.ebx, "VMwa", 4);
    memcpy(&result.ecx, "reVM", 4);
    memcpy(&result.edx, "ware", 4);
  } else if (leaf == kHypervisorMaxLeaf) {
    result.eax = 2000000;  // virtual TSC frequency, kHz
    result.ebx = 66000;    // APIC bus frequency, kHz
    result.ecx = hypercalls;
  }
  return result;
}

}  // namespace

CpuidResult EmulateCpuid(uint32_t leaf, uint32_t subleaf, uint32_t hypercalls) {
  if (leaf >= kHypervisorLeaf && leaf <= kHypervisorLeaf + 0xFF) {
    return Hypervisor(leaf, hypercalls);
  }
  CpuidResult result;
  __cpuid_count(leaf, subleaf, result.eax, result.ebx, result.ecx, result.edx);
  if (leaf == 1) result.ecx |= 1u << 31;
  return result;
}

}  // namespace toolboxd::vmxsim
