// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "vmxsim/memory_info.h"

// A statistic takes at least four bytes, so a list is never longer than its bytes say.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto info = toolboxd::vmxsim::DecodeMemoryInfo({reinterpret_cast<const char*>(data), size});
  if (info.ok() && info->statistics.size() > size / 4) __builtin_trap();
  return 0;
}
