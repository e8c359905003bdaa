// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/printable.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace toolboxd::vmxsim {

std::string Printable(absl::string_view text) {
  return absl::StrReplaceAll(absl::Utf8SafeCHexEscape(text),
                             {{R"(\\)", R"(\)"}, {R"(\')", "'"}, {R"(\")", R"(")"}});
}

}  // namespace toolboxd::vmxsim
