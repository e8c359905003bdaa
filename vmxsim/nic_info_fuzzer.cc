// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "vmxsim/nic_info.h"

// Whatever decodes keeps to the format's limits and can be printed.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto info = toolboxd::vmxsim::DecodeNicInfo({reinterpret_cast<const char*>(data), size});
  if (!info.ok()) return 0;
  if (info->nics.size() > 16 || info->routes.size() > 100) __builtin_trap();
  toolboxd::vmxsim::NicInfoText(*info);
  return 0;
}
