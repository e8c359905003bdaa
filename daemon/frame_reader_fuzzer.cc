// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/frame_reader.h"

namespace {

// In parts of this size.
std::string Describe(absl::string_view bytes, size_t part_size) {
  toolboxd::FrameReader reader(toolboxd::kPrefaceBytes);
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += part_size) {
    absl::string_view part = bytes.substr(at, part_size);
    while (const auto frame = reader.Next(part)) {
      for (const uint32_t value :
           {frame->size, uint32_t{frame->type}, uint32_t{frame->flags}, frame->stream}) {
        text += std::to_string(value) + " ";
      }
    }
    if (!part.empty()) abort();
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (Describe(bytes, size) != Describe(bytes, 1 + data[0] % 16)) abort();
  return 0;
}
