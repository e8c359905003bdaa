// SPDX-License-Identifier: Apache-2.0

#include "transportd/wire/reader.h"

namespace toolboxd::wire {

void Reader::Fail() {
  ok_ = false;
  rest_ = absl::string_view();
}

absl::string_view Reader::Bytes(size_t size) {
  if (size > rest_.size()) {
    Fail();
    return absl::string_view();
  }
  const absl::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

absl::string_view Reader::BytesAndNul(size_t size) {
  const absl::string_view bytes = Bytes(size);
  if (U8() != 0) Fail();
  return ok_ ? bytes : absl::string_view();
}

absl::string_view Reader::UntilNul() {
  const size_t length = rest_.find('\0');
  if (length == absl::string_view::npos) {
    Fail();
    return absl::string_view();
  }
  return BytesAndNul(length);
}

absl::string_view Reader::Rest() { return Bytes(rest_.size()); }

uint64_t Reader::LittleEndian(size_t size) {
  uint64_t value = 0;
  int shift = 0;
  for (const char byte : Bytes(size)) {
    value |= uint64_t{static_cast<uint8_t>(byte)} << shift;
    shift += 8;
  }
  return value;
}

uint8_t Reader::U8() { return static_cast<uint8_t>(LittleEndian(1)); }
uint16_t Reader::U16() { return static_cast<uint16_t>(LittleEndian(2)); }
uint32_t Reader::U32() { return static_cast<uint32_t>(LittleEndian(4)); }
uint64_t Reader::U64() { return LittleEndian(8); }
uint32_t Reader::U32Be() { return __builtin_bswap32(U32()); }

}  // namespace toolboxd::wire
