// SPDX-License-Identifier: Apache-2.0

// What a guest sent, as text for a terminal.

#ifndef TOOLBOXD_VMXSIM_PRINTABLE_H_
#define TOOLBOXD_VMXSIM_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// Control characters become C escapes ("\n", "\x1b"); everything else stays as it is, quotes and
// backslashes too. For people: the result cannot be turned back.
std::string Printable(absl::string_view text);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_PRINTABLE_H_
