// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/shown_name.h"
#include "base/utf8.h"

// A name that is shown can be read again, whatever its bytes are.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  const std::string shown = toolboxd::ShowName(name);
  if (!toolboxd::IsUtf8(shown)) abort();
  if (toolboxd::IsUtf8(name) ? shown != name : toolboxd::ReadShownName(shown) != name) abort();
  const std::optional<std::string> read = toolboxd::ReadShownName(name);
  if (read && (toolboxd::IsUtf8(*read) || toolboxd::ShowName(*read) != name)) abort();
  return 0;
}
