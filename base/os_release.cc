// SPDX-License-Identifier: Apache-2.0

#include "base/os_release.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/small_file.h"
#include "base/utf8.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxFileSize = 64 * 1024;
constexpr size_t kMaxValueSize = 256;

std::string Unquote(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  const char quote = value.empty() ? '\0' : value.front();
  if (quote != '"' && quote != '\'') return std::string(value);
  value.remove_prefix(1);
  std::string text;
  for (size_t i = 0; i < value.size() && value[i] != quote; ++i) {
    if (value[i] == '\\' && quote == '"' && i + 1 < value.size()) ++i;
    text.push_back(value[i]);
  }
  return text;
}

}  // namespace

std::map<std::string, std::string> ParseOsRelease(absl::string_view text) {
  std::map<std::string, std::string> values;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t equals = line.find('=');
    if (line.empty() || line.front() == '#' || equals == absl::string_view::npos) continue;
    values[std::string(line.substr(0, equals))] =
        PrintableUtf8(Unquote(line.substr(equals + 1)).substr(0, kMaxValueSize));
  }
  return values;
}

std::string ReadOsRelease(const std::string& root) {
  const std::string text = ReadSmallFileOrEmpty(root + "/etc/os-release", kMaxFileSize);
  return text.empty() ? ReadSmallFileOrEmpty(root + "/usr/lib/os-release", kMaxFileSize) : text;
}

}  // namespace toolboxd
