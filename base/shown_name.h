// SPDX-License-Identifier: Apache-2.0

// Names of files that are not UTF-8, as text (docs/protocol/vix.md 4.6).
//
// Without Abseil. All functions are pure and thread-safe.

#ifndef TOOLBOXD_BASE_SHOWN_NAME_H_
#define TOOLBOXD_BASE_SHOWN_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace toolboxd {

// The name itself if it is UTF-8. Otherwise the name with "%XX" for each byte that is not part of
// well-formed UTF-8, and for each '%'.
std::string ShowName(std::string_view name);

// The name that ShowName() shows as `shown` and that is not UTF-8; std::nullopt if there is none.
// "a%FF" may therefore stand for two files, one of whose names is UTF-8.
std::optional<std::string> ReadShownName(std::string_view shown);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_SHOWN_NAME_H_
