// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "vmxsim/os_info.h"

// Whatever decodes can be printed, and an item takes at least three bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto info = toolboxd::vmxsim::DecodeOsInfo({reinterpret_cast<const char*>(data), size});
  if (!info.ok()) return 0;
  if (info->details.size() > size / 3) __builtin_trap();
  toolboxd::vmxsim::OsInfoText(*info);
  return 0;
}
