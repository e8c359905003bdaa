// SPDX-License-Identifier: Apache-2.0

// Little-endian numbers of a package, from a bounded span.

#ifndef TOOLBOXD_DEPLOYD_LITTLE_ENDIAN_H_
#define TOOLBOXD_DEPLOYD_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

// Reads one field after the other. After a read beyond the end, all reads yield zero and ok() is
// false. The bytes must outlive it. Not thread-safe.
class Fields {
 public:
  // Begins at `offset`, which may lie beyond the end.
  Fields(absl::string_view bytes, uint64_t offset) : bytes_(bytes) { Seek(offset); }

  uint8_t U8() { return static_cast<uint8_t>(Number(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Number(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t U64() { return Number(8); }
  void Skip(size_t size) { Seek(uint64_t{position_} + size); }

  // The text up to the next zero byte, which is consumed and not returned; it must come within
  // `max` bytes.
  absl::string_view Text(size_t max) {
    const absl::string_view rest = bytes_.substr(position_, max);
    const size_t end = rest.find('\0');
    if (!ok_ || end == absl::string_view::npos) {
      ok_ = false;
      return {};
    }
    position_ += end + 1;
    return rest.substr(0, end);
  }

  bool ok() const { return ok_; }
  size_t position() const { return position_; }

 private:
  void Seek(uint64_t position) {
    ok_ = ok_ && position <= bytes_.size();
    position_ = ok_ ? static_cast<size_t>(position) : bytes_.size();
  }

  uint64_t Number(size_t size) {
    const size_t start = position_;
    Skip(size);
    uint64_t value = 0;
    for (size_t i = 0; ok_ && i < size; ++i) {
      value |= uint64_t{static_cast<uint8_t>(bytes_[start + i])} << (8 * i);
    }
    return value;
  }

  const absl::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_LITTLE_ENDIAN_H_
