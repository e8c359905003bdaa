// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/os_release.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const auto& [name, value] :
       toolboxd::ParseOsRelease({reinterpret_cast<const char*>(data), size})) {
    if (value.size() > 256 || toolboxd::PrintableUtf8(value) != value) abort();
  }
  return 0;
}
