// SPDX-License-Identifier: Apache-2.0

#include "base/shown_name.h"

#include <cstddef>

#include "base/utf8.h"

namespace toolboxd {
namespace {

constexpr char kDigits[] = "0123456789ABCDEF";

void AppendEscaped(char byte, std::string& text) {
  const auto value = static_cast<unsigned char>(byte);
  text += '%';
  text += kDigits[value >> 4];
  text += kDigits[value & 15];
}

// -1 if it is not one.
int DigitOf(char digit) {
  const size_t value = std::string_view(kDigits, 16).find(digit);
  return value == std::string_view::npos ? -1 : static_cast<int>(value);
}

}  // namespace

std::string ShowName(std::string_view name) {
  if (IsUtf8(name)) return std::string(name);
  std::string shown;
  while (!name.empty()) {
    const size_t length = name[0] == '%' ? 0 : Utf8SequenceLength(name);
    if (length == 0) {
      AppendEscaped(name[0], shown);
      name.remove_prefix(1);
    } else {
      shown.append(name.substr(0, length));
      name.remove_prefix(length);
    }
  }
  return shown;
}

std::optional<std::string> ReadShownName(std::string_view shown) {
  std::string name;
  for (size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != '%') {
      name += shown[i];
      continue;
    }
    if (shown.size() - i < 3) return std::nullopt;
    const int high = DigitOf(shown[i + 1]);
    const int low = DigitOf(shown[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    name += static_cast<char>(high * 16 + low);
    i += 2;
  }
  // It shows neither a name that is UTF-8 nor one in another spelling.
  if (IsUtf8(name) || ShowName(name) != shown) return std::nullopt;
  return name;
}

}  // namespace toolboxd
