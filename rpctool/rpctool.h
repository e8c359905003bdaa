// SPDX-License-Identifier: Apache-2.0

// vmware-rpctool: one request to the host, with the arguments, texts and exit statuses of the
// program of that name in open-vm-tools.

#ifndef TOOLBOXD_RPCTOOL_RPCTOOL_H_
#define TOOLBOXD_RPCTOOL_RPCTOOL_H_

#include "rpctool/host.h"

namespace toolboxd::rpctool {

// Prints the host's data on standard output and returns 0, or prints its error on standard error
// and returns 1; kExitNoHost where there is no VMware host. Of the arguments only the first counts.
int RunRpctool(int argc, char** argv, Host& host);

inline constexpr int kExitNoHost = 255;
// Says that there is none, and returns kExitNoHost.
int NoHost(const char* program);

// Prints an answer as all programs here do: data, or the error, up to its first NUL, and a newline.
// Does not use stdio. Returns the exit status: 0, or 1 for an error.
int PrintAnswer(const Answer& answer);

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_RPCTOOL_H_
