// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "transportd/guest_info/os_info.h"

// Whatever decodes can be encoded, and that decodes again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace gi = toolboxd::guest_info;
  const auto os = gi::DecodeOsDetailed({reinterpret_cast<const char*>(data), size});
  if (os.ok() && !gi::DecodeOsDetailed(gi::EncodeOsDetailed(*os)).ok()) __builtin_trap();
  return 0;
}
