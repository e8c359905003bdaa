// SPDX-License-Identifier: Apache-2.0

// Arguments of Set_Option from an unfriendly host.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "transportd/routes/options.h"

// Whatever is accepted is made of the input and reads back the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto option = toolboxd::ParseOption(input);
  if (!option.ok()) return 0;
  const std::string again = absl::StrCat(option->name, " ", option->value);
  if (again != input && again + '\0' != input) std::abort();
  if (option->name.empty() || option->value.empty()) std::abort();
  return 0;
}
