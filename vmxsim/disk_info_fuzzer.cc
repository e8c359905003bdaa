// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "vmxsim/disk_info.h"

// Any bytes are one of the two formats or an error, however deep the JSON is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& disks : {toolboxd::vmxsim::DecodeDiskInfoJson(bytes),
                            toolboxd::vmxsim::DecodeDiskInfoLegacy(bytes)}) {
    if (disks.ok()) toolboxd::vmxsim::DiskInfoText(*disks);
  }
  return 0;
}
