// SPDX-License-Identifier: Apache-2.0

// The path and query of a resource: percent signs, separators, NUL, any length.

#include <cstdint>
#include <cstdlib>

#include "hgfsd/content_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  auto resource = toolboxd::hgfsd::ParseResource(text);
  // Whatever is accepted is a path that system calls take whole.
  if (resource.ok() && (resource->path.empty() || resource->path[0] != '/' ||
                        resource->path.find('\0') != std::string::npos)) {
    abort();
  }
  auto decoded = toolboxd::hgfsd::PercentDecode(text, true);
  if (decoded.ok() && decoded->size() > size) abort();
  (void)toolboxd::hgfsd::ParseArchiveQuery(text);
  return 0;
}
