// SPDX-License-Identifier: Apache-2.0

// Finds the real `cpuid`, `vmcall` and `vmmcall` instructions of a loaded module among the bytes,
// such as 0F A2, that also occur inside other instructions and in data.

#ifndef TOOLBOXD_VMXSIM_CPUID_FINDER_H_
#define TOOLBOXD_VMXSIM_CPUID_FINDER_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "vmxsim/eh_frame.h"

namespace toolboxd::vmxsim {

// The instructions' encodings.
inline constexpr absl::string_view kCpuidBytes("\x0F\xA2", 2);
inline constexpr absl::string_view kVmcallBytes("\x0F\x01\xC1", 3);
inline constexpr absl::string_view kVmmcallBytes("\x0F\x01\xD9", 3);

// `text` is an executable segment that is loaded at `address`. Returns where it has the bytes of
// `instruction` such that disassembly from the start of their function arrives there. In a module
// without a function table (Go, some assembly) disassembly from nearly every byte before it must
// arrive there.
std::vector<uint64_t> FindInstruction(absl::string_view instruction, absl::string_view text,
                                      uint64_t address, const FunctionTable& functions);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CPUID_FINDER_H_
