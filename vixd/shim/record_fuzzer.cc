// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vixd/shim/record.h"

// What decodes is the same record when it is encoded and decoded again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = toolboxd::vixd::DecodeRecord(text);
  if (record && toolboxd::vixd::DecodeRecord(toolboxd::vixd::EncodeRecord(*record)) != record) {
    abort();
  }
  return 0;
}
