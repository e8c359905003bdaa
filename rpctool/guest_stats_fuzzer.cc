// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "rpctool/guest_stats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view reply(reinterpret_cast<const char*>(data), size);
  for (uint32_t id = 0; id <= 40; ++id) toolboxd::rpctool::GuestStats(reply).Number(id);
  return 0;
}
