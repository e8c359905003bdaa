// SPDX-License-Identifier: Apache-2.0

// Where transportd is.

#ifndef TOOLBOXD_TOOLBOXCTL_CONTROL_FLAG_H_
#define TOOLBOXD_TOOLBOXCTL_CONTROL_FLAG_H_

#include <string>

#include "absl/flags/declare.h"

ABSL_DECLARE_FLAG(std::string, control);

#endif  // TOOLBOXD_TOOLBOXCTL_CONTROL_FLAG_H_
