// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "vmxsim/guest/records.h"

// What a guest answers, of whatever length.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const toolboxd::vmxsim::Record& record : toolboxd::vmxsim::ParseRecords(text, "proc")) {
    toolboxd::vmxsim::NumberOf(record, "pid");
  }
  toolboxd::vmxsim::FindValue(text, "name");
  return 0;
}
