// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "deployd/cust_cfg.h"

// Whatever the text: an error never quotes it, and JSON is one line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace dd = toolboxd::deployd;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = dd::ParseCustCfg(text);
  if (!read.ok()) {
    if (read.status().message().size() > 100) __builtin_trap();
    return 0;
  }
  if (absl::StrContains(dd::ToJson(*read), '\n')) __builtin_trap();
  return 0;
}
