// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "rpctool/tools_conf.h"

// A file, and after a NUL a value to set. What is set is what is read later, and nothing else
// changes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  if (end == std::string_view::npos) return 0;
  toolboxd::rpctool::ToolsConf conf;
  conf.Parse(input.substr(0, end));
  const std::string_view value = input.substr(end + 1);
  // No escape keeps a form feed from counting as a blank there.
  if (value.substr(0, value.find_first_not_of(" \t\f")).find('\f') != std::string_view::npos)
    return 0;
  const std::optional<std::string> other = conf.Get("s", "other");
  if (!conf.Set("s", "key", value)) abort();
  const std::string text = conf.Text();
  conf.Parse(text);
  if (conf.Text() != text || conf.Get("s", "other") != other || conf.Get("s", "key") != value)
    abort();
  conf.Remove("s", "key");
  return 0;
}
