// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/stream_path.h"

// Each stream has one path.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view path(reinterpret_cast<const char*>(data), size);
  const std::optional<toolboxd::StreamPath> stream = toolboxd::ParseStreamPath(path);
  if (!stream) return 0;
  constexpr const char* kNames[] = {"stdin", "stdout", "stderr"};
  const char* name = kNames[static_cast<int>(stream->stream)];
  if (stream->pid < 1 || absl::StrCat("/proc/", stream->pid, "/", name) != path) abort();
  return 0;
}
