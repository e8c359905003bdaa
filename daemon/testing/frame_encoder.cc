// SPDX-License-Identifier: Apache-2.0

#include "daemon/testing/frame_encoder.h"

#include "absl/strings/str_cat.h"

namespace toolboxd {

std::string EncodeFrame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view content) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(content.size() >> shift);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift);
  absl::StrAppend(&frame, content);
  return frame;
}

std::string Opening(absl::string_view settings) {
  return absl::StrCat(kPreface, EncodeFrame(kSettings, 0, 0, settings));
}

std::string HealthCheckHeaders() {
  // Of the static table: POST, HTTP, and the names of ":path", ":authority" and "content-type".
  return absl::StrCat(kPost, "\x86", "\4\x1c/grpc.health.v1.Health/Check", "\1\1l",
                      "\x0f\x10\x10"
                      "application/grpc",
                      absl::string_view("\0\2te\x8trailers", 13));
}

}  // namespace toolboxd
