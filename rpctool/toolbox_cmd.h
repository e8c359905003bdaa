// SPDX-License-Identifier: Apache-2.0

// vmware-toolbox-cmd: what scripts, cloud-init and image builders ask of the program of that name
// in open-vm-tools, with its exit statuses and error texts.

#ifndef TOOLBOXD_RPCTOOL_TOOLBOX_CMD_H_
#define TOOLBOXD_RPCTOOL_TOOLBOX_CMD_H_

#include <sys/types.h>

#include "rpctool/host.h"

namespace toolboxd::rpctool {

// What the commands depend on besides the host.
struct ToolboxEnvironment {
  // See tools_conf.h.
  const char* tools_conf;
  uid_t user;
};

// The exit status: 0; 1 where there is no VMware host, or for a wrong option; else that of
// sysexits.h which the command of open-vm-tools has.
int RunToolboxCmd(int argc, char** argv, Host& host, const ToolboxEnvironment& environment);

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_TOOLBOX_CMD_H_
