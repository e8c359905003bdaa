// SPDX-License-Identifier: Apache-2.0

#include "base/user_name.h"

namespace toolboxd {

UserNameCheck CheckUserName(std::string_view name) {
  if (name.empty() || name.size() > kMaxUserName || name == "." || name == ".." ||
      name.find('/') != std::string_view::npos) {
    return UserNameCheck::kNotAName;
  }
  if (name[0] == '-') return UserNameCheck::kBadCharacters;
  for (const unsigned char c : name) {
    if (c < 0x20 || c == 0x7f) return UserNameCheck::kBadCharacters;
  }
  return UserNameCheck::kOk;
}

}  // namespace toolboxd
