// SPDX-License-Identifier: Apache-2.0

// Runs a program to its end.

#ifndef TOOLBOXD_DAEMON_CHILD_H_
#define TOOLBOXD_DAEMON_CHILD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/stop_signal.h"

namespace toolboxd {

// Runs argv[0] with these arguments and with `environment` ("NAME=value") added to our own. Its
// standard input is the descriptor `input`, or empty if that is -1; its output and errors are ours;
// it has no other descriptor of ours, and a process group of its own. OK if it exits with status 0.
// After the timeout, or when stop is set, its group gets SIGTERM, two seconds later SIGKILL:
// DEADLINE_EXCEEDED or CANCELLED. Safe in a process with threads: no code of this process runs in
// the child.
absl::Status RunProgram(const std::vector<std::string>& argv,
                        const std::vector<std::string>& environment, absl::Duration timeout,
                        const StopSignal& stop, int input = -1);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_CHILD_H_
