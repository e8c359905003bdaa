// SPDX-License-Identifier: Apache-2.0

// Writer: endian-explicit construction of messages for the hypervisor; the
// counterpart of Reader.

#ifndef TOOLBOXD_TRANSPORTD_WIRE_WRITER_H_
#define TOOLBOXD_TRANSPORTD_WIRE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd::wire {

// Not thread-safe. Owns the bytes written so far.
class Writer {
 public:
  // Little-endian integers (VIX, HGFS, backdoor structures).
  Writer& U8(uint8_t value) { return LittleEndian(value, 1); }
  Writer& U16(uint16_t value) { return LittleEndian(value, 2); }
  Writer& U32(uint32_t value) { return LittleEndian(value, 4); }
  Writer& U64(uint64_t value) { return LittleEndian(value, 8); }
  Writer& I32(int32_t value) { return U32(static_cast<uint32_t>(value)); }
  Writer& I64(int64_t value) { return U64(static_cast<uint64_t>(value)); }

  // Big-endian integers (XDR, DataMap).
  Writer& U32Be(uint32_t value) { return U32(__builtin_bswap32(value)); }

  Writer& Bytes(absl::string_view bytes);
  // The bytes and one NUL.
  Writer& BytesAndNul(absl::string_view bytes);
  Writer& Zeros(size_t count);

  const std::string& bytes() const { return bytes_; }
  // Moves the bytes out; the writer is empty afterwards.
  std::string Take();

 private:
  Writer& LittleEndian(uint64_t value, size_t size);

  std::string bytes_;
};

}  // namespace toolboxd::wire

#endif  // TOOLBOXD_TRANSPORTD_WIRE_WRITER_H_
