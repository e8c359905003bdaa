// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "transportd/routes/sync_driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto time = toolboxd::ParseSyncDriverFreeze({reinterpret_cast<const char*>(data), size});
  if (!time) return 0;
  if (*time < absl::ZeroDuration() || *time > absl::Milliseconds(10) * int64_t{UINT32_MAX}) abort();
  return 0;
}
