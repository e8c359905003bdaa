// SPDX-License-Identifier: Apache-2.0

// Scripts that their caller could not wait for.

#ifndef TOOLBOXD_TOOLBOXCTL_CALLED_SCRIPT_H_
#define TOOLBOXD_TOOLBOXCTL_CALLED_SCRIPT_H_

#include <sys/types.h>

#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd {

// Ends the processes of `owner` that were called as SCRIPT EVENT and lead a process group, as
// RunProgram starts them (daemon/child.h), with their groups: SIGTERM, and SIGKILL two seconds
// later. Waits for their end, and returns how many there were. Processes of other users are not
// asked how they were called: any of them could say so, and hold up who asks.
int EndCalledScript(const std::string& script, absl::string_view event, uid_t owner);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_CALLED_SCRIPT_H_
