// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "toolboxctl/audit.h"

// Users have their names and paths in the journal; an entry stays one line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view line(reinterpret_cast<const char*>(data), size);
  const std::optional<toolboxd::AuditEntry> entry = toolboxd::ParseAuditLine(line);
  if (!entry) return 0;
  const std::string json = toolboxd::AuditJson(*entry);
  if (json.find('\n') != json.size() - 1) abort();
  return 0;
}
