// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "deployd/yaml_value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace dd = toolboxd::deployd;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = dd::YamlValue(text, {"datasource", "VMware", "allow_raw_data"});
  if (value.has_value() && value->size() > size) __builtin_trap();
  const auto list = dd::YamlValue(text, {"datasource_list"});
  if (list.has_value()) dd::YamlWords(*list);
  return 0;
}
