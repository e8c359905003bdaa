// SPDX-License-Identifier: Apache-2.0

// The one flag that vmware-rpctool shares with toolboxctl. It has a file of its own because
// a program selects its flags by the files that define them (daemon/command_line.h).

#ifndef TOOLBOXD_TOOLBOXCTL_CONTROL_FLAG_H_
#define TOOLBOXD_TOOLBOXCTL_CONTROL_FLAG_H_

#include <string>

#include "absl/flags/declare.h"

ABSL_DECLARE_FLAG(std::string, control);

#endif  // TOOLBOXD_TOOLBOXCTL_CONTROL_FLAG_H_
