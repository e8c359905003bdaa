// SPDX-License-Identifier: Apache-2.0

// The frames of an HTTP/2 connection, without their content (RFC 9113, 4.1).

#ifndef TOOLBOXD_DAEMON_FRAME_READER_H_
#define TOOLBOXD_DAEMON_FRAME_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace toolboxd {

struct Frame {
  enum Type : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kWindowUpdate = 8 };
  // Of kData and kHeaders: the last one of its sender's.
  static constexpr uint8_t kEndStream = 1;

  // Of the content, in bytes.
  uint32_t size = 0;
  // Others than those of Type are possible.
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
};

// What a caller sends before its first frame, in bytes (RFC 9113, 3.4).
constexpr size_t kPrefaceBytes = 24;

// One direction of a connection, which comes in parts of any size. Keeps nine bytes. Not
// thread-safe.
class FrameReader {
 public:
  // `skip`: bytes before the first frame.
  explicit FrameReader(size_t skip) : skip_(skip) {}

  // The next frame that begins in `part`, of which everything up to its content is taken; the rest
  // belongs to the next call. Nothing at the end of the part.
  std::optional<Frame> Next(absl::string_view& part);

 private:
  static constexpr size_t kHeader = 9;

  // Before the next header.
  size_t skip_;
  uint8_t header_[kHeader] = {};
  // Bytes of header_.
  size_t have_ = 0;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_FRAME_READER_H_
