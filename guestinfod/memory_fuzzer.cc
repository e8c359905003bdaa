// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "guestinfod/memory.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;  // NOLINT: the header's functions only.
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  v1::Memory memory;
  guestinfod::ParseMemInfo(text, memory);
  guestinfod::ParseVmStat(text, memory);
  guestinfod::ParseStat(text, memory);
  guestinfod::ParseZoneInfo(text, 4096, memory);
  guestinfod::ParseUptime(text);
  return 0;
}
