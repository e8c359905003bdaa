// SPDX-License-Identifier: Apache-2.0

// Function boundaries from a loaded ELF module's .eh_frame_hdr: a sorted table that every gcc or
// clang program carries for exceptions, also when it is stripped.

#ifndef TOOLBOXD_VMXSIM_EH_FRAME_H_
#define TOOLBOXD_VMXSIM_EH_FRAME_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// Reads `size` bytes of the module's memory; fewer when it is not mapped.
using ModuleReader = std::function<std::string(uint64_t address, uint64_t size)>;

// Where the functions of a module begin, by its .eh_frame_hdr.
class FunctionTable {
 public:
  // `base` is where the module's ELF header is loaded. Empty when the module has no usable table.
  static FunctionTable Load(uint64_t base, const ModuleReader& read);

  bool empty() const { return starts_.empty(); }
  // The start of the last function that begins at or before `address`; 0 where there is none.
  uint64_t FunctionStart(uint64_t address) const;

 private:
  std::vector<uint64_t> starts_;  // ascending
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_EH_FRAME_H_
