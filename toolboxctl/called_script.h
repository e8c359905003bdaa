// SPDX-License-Identifier: Apache-2.0

// Scripts that their caller could not wait for.

#ifndef TOOLBOXD_TOOLBOXCTL_CALLED_SCRIPT_H_
#define TOOLBOXD_TOOLBOXCTL_CALLED_SCRIPT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd {

// Ends the processes that were called as SCRIPT EVENT and lead a process group, as RunProgram
// starts them (daemon/child.h), with their groups: SIGTERM, and SIGKILL two seconds later. Waits
// for their end, and returns how many there were.
int EndCalledScript(const std::string& script, absl::string_view event);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_CALLED_SCRIPT_H_
