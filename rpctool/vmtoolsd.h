// SPDX-License-Identifier: Apache-2.0

// vmtoolsd --cmd: what scripts call vmtoolsd for. It starts no daemon.

#ifndef TOOLBOXD_RPCTOOL_VMTOOLSD_H_
#define TOOLBOXD_RPCTOOL_VMTOOLSD_H_

#include "rpctool/host.h"

namespace toolboxd::rpctool {

// Like RunRpctool for the first --cmd=REQUEST or --cmd REQUEST; --help and --version; -n and --name
// with their argument are accepted. Everything else is an error and 1. Where there is no VMware
// host it prints nothing and returns 1, as vmtoolsd does.
int RunVmtoolsd(int argc, char** argv, Host& host);

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_VMTOOLSD_H_
