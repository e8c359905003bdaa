// SPDX-License-Identifier: Apache-2.0

// Processors as rpctool::Host asks them.

#ifndef TOOLBOXD_RPCTOOL_TESTING_VMWARE_CPUID_H_
#define TOOLBOXD_RPCTOOL_TESTING_VMWARE_CPUID_H_

#include <cstdint>
#include <cstring>

#include "transportd/backdoor/hypervisor.h"

namespace toolboxd::rpctool {

// Shows VMware.
inline backdoor::CpuidResult VmwareCpuid(uint32_t leaf) {
  backdoor::CpuidResult result;
  if (leaf == 1) result.ecx = 1u << 31;
  if (leaf == 0x40000000) {
    memcpy(&result.ebx, "VMwa", 4);
    memcpy(&result.ecx, "reVM", 4);
    memcpy(&result.edx, "ware", 4);
  }
  return result;
}

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_TESTING_VMWARE_CPUID_H_
