// SPDX-License-Identifier: Apache-2.0

#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace toolboxd {
namespace {

// The code point of a well-formed sequence.
char32_t Decode(std::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  char32_t character = sequence.size() == 1 ? first : first & (0x7fu >> sequence.size());
  for (size_t i = 1; i < sequence.size(); ++i) {
    character = character << 6 | (static_cast<uint8_t>(sequence[i]) & 0x3fu);
  }
  return character;
}

bool IsPrintable(char32_t c) {
  const bool controls = c < 0x20 || (c >= 0x7f && c < 0xa0);
  const bool reorders = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  const bool separates = c == 0x2028 || c == 0x2029;
  const bool is_none = (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
  return !controls && !reorders && !separates && !is_none;
}

// Bytes in `kept` stay. The text keeps its length.
std::string Printable(std::string_view text, std::string_view kept) {
  std::string printable;
  printable.reserve(text.size());
  while (!text.empty()) {
    const bool keeps = kept.find(text[0]) != std::string_view::npos;
    const size_t length = keeps ? 1 : PrintableLength(text);
    if (length > 0) {
      printable.append(text.substr(0, length));
    } else {
      printable.push_back('?');
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return printable;
}

}  // namespace

size_t Utf8SequenceLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (text.empty()) return 0;
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // The second byte excludes overlong forms, surrogates, and what is above U+10FFFF.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t PrintableLength(std::string_view text) {
  const size_t length = Utf8SequenceLength(text);
  return length > 0 && IsPrintable(Decode(text.substr(0, length))) ? length : 0;
}

std::string PrintableUtf8(std::string_view text) { return Printable(text, ""); }

std::string PrintableLines(std::string_view text) { return Printable(text, "\n\t"); }

std::string_view CutUtf8(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  // At most three bytes of a character can be in front of the limit.
  while (end > 0 && max_bytes - end < 3 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace toolboxd
