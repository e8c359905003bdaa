// SPDX-License-Identifier: Apache-2.0

// The names that PAM and the user database may be asked about.
//
// Without Abseil: session, which runs as root, uses it. Pure and thread-safe.

#ifndef TOOLBOXD_BASE_USER_NAME_H_
#define TOOLBOXD_BASE_USER_NAME_H_

#include <cstddef>
#include <string_view>

namespace toolboxd {

// The longest name, in bytes.
inline constexpr size_t kMaxUserName = 256;

enum class UserNameCheck {
  kOk,
  // Empty, too long, ".", "..", or with a '/': no name, or a path.
  kNotAName,
  // Control characters, NUL among them, or a leading '-', which programs take for an option.
  kBadCharacters,
};

// Does not say whether such a user exists. Bytes above 0x7f pass in any encoding.
UserNameCheck CheckUserName(std::string_view name);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_USER_NAME_H_
