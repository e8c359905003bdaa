// SPDX-License-Identifier: Apache-2.0

// One value of a YAML file of an administrator, without a YAML parser.

#ifndef TOOLBOXD_DEPLOYD_YAML_VALUE_H_
#define TOOLBOXD_DEPLOYD_YAML_VALUE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

// The text of the last scalar at `path`, a key at the top and keys below it, without quotes and
// comment; empty where the value is empty or goes on in further lines. Reads mappings by
// indentation and in braces on one line, which is how cloud-init's files are written; anchors, tags
// and several documents are not understood. Pure; time is linear in the text.
std::optional<std::string> YamlValue(absl::string_view text,
                                     const std::vector<absl::string_view>& path);

// Whether cloud-init considers such a text true: true, yes, on or 1, in any case.
bool IsTrue(absl::string_view value);

// The words of "[ A, B ]"; none if the value is not such a list on one line.
std::optional<std::vector<std::string>> YamlWords(absl::string_view value);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_YAML_VALUE_H_
