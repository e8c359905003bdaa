// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"

// What is shown to people acts on nothing around it, and keeps its length.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;  // NOLINT: the header's functions only.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string shown = PrintableUtf8(text);
  const std::string lines = PrintableLines(text);
  if (shown.size() != size || lines.size() != size) abort();
  if (!IsUtf8(shown) || !IsUtf8(lines) || PrintableUtf8(shown) != shown) abort();
  for (const char c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) abort();
  }
  const std::string_view cut = CutUtf8(text, size / 2);
  if (cut.size() > size / 2 || text.substr(0, cut.size()) != cut) abort();
  if (IsUtf8(text) && !IsUtf8(cut)) abort();
  return 0;
}
