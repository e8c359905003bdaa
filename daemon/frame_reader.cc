// SPDX-License-Identifier: Apache-2.0

#include "daemon/frame_reader.h"

#include <algorithm>

namespace toolboxd {

std::optional<Frame> FrameReader::Next(absl::string_view& part) {
  while (!part.empty()) {
    if (skip_ > 0) {
      const size_t skipped = std::min(skip_, part.size());
      part.remove_prefix(skipped);
      skip_ -= skipped;
      continue;
    }
    header_[have_++] = static_cast<uint8_t>(part[0]);
    part.remove_prefix(1);
    if (have_ < kHeader) continue;
    have_ = 0;
    Frame frame;
    frame.size = uint32_t{header_[0]} << 16 | uint32_t{header_[1]} << 8 | header_[2];
    frame.type = header_[3];
    frame.flags = header_[4];
    // The first bit is reserved.
    frame.stream = (uint32_t{header_[5]} & 0x7f) << 24 | uint32_t{header_[6]} << 16 |
                   uint32_t{header_[7]} << 8 | header_[8];
    skip_ = frame.size;
    return frame;
  }
  return std::nullopt;
}

}  // namespace toolboxd
