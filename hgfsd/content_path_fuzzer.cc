// SPDX-License-Identifier: Apache-2.0

// The path and query of a content path: percent signs, separators, NUL, any length.

#include <cstdint>
#include <cstdlib>

#include "hgfsd/content_path.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  auto content = toolboxd::hgfsd::ParseContentPath(text);
  // An accepted path must be absolute and without NUL bytes.
  if (content.ok() && (content->path.empty() || content->path[0] != '/' ||
                       content->path.find('\0') != std::string::npos)) {
    abort();
  }
  auto decoded = toolboxd::hgfsd::PercentDecode(text, toolboxd::hgfsd::Plus::kIsSpace);
  if (decoded.ok() && decoded->size() > size) abort();
  (void)toolboxd::hgfsd::ParseArchiveQuery(text);
  return 0;
}
