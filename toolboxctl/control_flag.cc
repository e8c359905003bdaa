// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/control_flag.h"

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, control, "/run/toolboxd/transportd.sock", "transportd's control socket.");
