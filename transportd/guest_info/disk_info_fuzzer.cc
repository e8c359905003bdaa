// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "transportd/guest_info/disk_info.h"
#include "transportd/guest_info/disk_info_decoder.h"

// Whatever decodes can be encoded in both formats and decodes again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace gi = toolboxd::guest_info;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& disks : {gi::DecodeDiskInfoJson(bytes), gi::DecodeDiskInfoLegacy(bytes)}) {
    if (!disks.ok()) continue;
    if (!gi::DecodeDiskInfoJson(gi::EncodeDiskInfoJson(*disks)).ok()) __builtin_trap();
    if (!gi::DecodeDiskInfoLegacy(gi::EncodeDiskInfoLegacy(*disks)).ok()) __builtin_trap();
  }
  return 0;
}
