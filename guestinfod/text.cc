// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/text.h"

#include "absl/strings/str_split.h"
#include "base/small_file.h"

namespace toolboxd::guestinfod {

std::string ReadLines(const std::string& path, size_t max_size) {
  std::string text = ReadSmallFileOrEmpty(path, max_size);
  if (text.size() == max_size) text.resize(text.rfind('\n') + 1);
  return text;
}

std::vector<absl::string_view> Fields(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

}  // namespace toolboxd::guestinfod
