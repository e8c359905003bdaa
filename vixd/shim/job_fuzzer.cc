// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vixd/shim/job.h"

// What decodes is the same job when it is encoded and decoded again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto job = toolboxd::vixd::DecodeJob(text);
  if (job && toolboxd::vixd::EncodeJob(*job).substr(sizeof(uint32_t)) != text) abort();
  return 0;
}
