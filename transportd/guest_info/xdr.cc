// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/xdr.h"

#include <cstdint>

namespace toolboxd::guest_info {
namespace {

size_t Padding(size_t size) { return (4 - size % 4) % 4; }

}  // namespace

void WriteXdrString(absl::string_view bytes, wire::Writer& writer) {
  writer.U32Be(static_cast<uint32_t>(bytes.size())).Bytes(bytes).Zeros(Padding(bytes.size()));
}

void WriteXdrBool(bool value, wire::Writer& writer) { writer.U32Be(value ? 1 : 0); }

void WriteXdrCharArray(absl::string_view text, size_t size, wire::Writer& writer) {
  for (size_t i = 0; i < size; ++i) {
    // A char is signed, and XDR sends it as an int.
    const char character = i < text.size() ? text[i] : '\0';
    writer.U32Be(static_cast<uint32_t>(int32_t{static_cast<signed char>(character)}));
  }
}

}  // namespace toolboxd::guest_info
