// SPDX-License-Identifier: Apache-2.0

#include "transportd/wire/writer.h"

#include <utility>

namespace toolboxd::wire {

Writer& Writer::LittleEndian(uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }
  return *this;
}

Writer& Writer::Bytes(absl::string_view bytes) {
  bytes_.append(bytes.data(), bytes.size());
  return *this;
}

Writer& Writer::BytesAndNul(absl::string_view bytes) { return Bytes(bytes).U8(0); }

Writer& Writer::Zeros(size_t count) {
  bytes_.append(count, '\0');
  return *this;
}

std::string Writer::Take() { return std::exchange(bytes_, std::string()); }

}  // namespace toolboxd::wire
