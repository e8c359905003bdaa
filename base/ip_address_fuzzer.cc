// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/ip_address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<std::string> bytes = toolboxd::ParseIpAddress(text);
  if (!bytes) return 0;
  if (bytes->size() != 4 && bytes->size() != 16) abort();
  if (toolboxd::ParseIpAddress(toolboxd::IpAddressText(*bytes)) != bytes) abort();
  return 0;
}
