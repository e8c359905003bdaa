// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unique_fd.h"

namespace toolboxd::guestinfod {
namespace {

// Bytes of the well-formed UTF-8 sequence at the start of `text` (RFC 3629); 0 if none.
size_t SequenceLength(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_size) {
  // Non-blocking, in case someone put a FIFO there.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.ok()) return absl::ErrnoToStatus(errno, path);
  std::string text;
  char buffer[16 * 1024];
  while (text.size() < max_size) {
    const ssize_t n = read(fd.get(), buffer, std::min(sizeof(buffer), max_size - text.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, path);
    if (n == 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

std::string ReadLines(const std::string& path, size_t max_size) {
  std::string text = ReadFile(path, max_size).value_or(std::string());
  if (text.size() == max_size) text.resize(text.rfind('\n') + 1);
  return text;
}

std::vector<absl::string_view> Fields(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

std::string Printable(absl::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const auto first = static_cast<uint8_t>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7f) {
      printable.push_back('?');
      text.remove_prefix(1);
    } else {
      absl::StrAppend(&printable, text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return printable;
}

}  // namespace toolboxd::guestinfod
