// SPDX-License-Identifier: Apache-2.0

// Finds the real `cpuid` instructions of a loaded module among the bytes 0F A2, which also occur
// inside other instructions and in data.

#ifndef TOOLBOXD_VMXSIM_CPUID_FINDER_H_
#define TOOLBOXD_VMXSIM_CPUID_FINDER_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "vmxsim/eh_frame.h"

namespace toolboxd::vmxsim {

// `text` is an executable segment that is loaded at `address`. Returns the addresses of the `cpuid`
// instructions that disassembly from the start of their function reaches. In a module without a
// function table (Go, some assembly) disassembly from nearly every byte before it must arrive
// there.
std::vector<uint64_t> FindCpuid(absl::string_view text, uint64_t address,
                                const FunctionTable& functions);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CPUID_FINDER_H_
