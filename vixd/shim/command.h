// SPDX-License-Identifier: Apache-2.0

// The commands of toolboxd-shim, the signals to it, and its report to vixd.

#ifndef TOOLBOXD_VIXD_SHIM_COMMAND_H_
#define TOOLBOXD_VIXD_SHIM_COMMAND_H_

#include <signal.h>

namespace toolboxd::vixd {

// toolboxd-shim serve DIR
//   Reads jobs (job.h) from the stream socket at descriptor 3, one after another, until its end.
//   Forks for each; the child starts the program, writes its record (record.h) to DIR, sends a
//   StartReport to the same socket, and stays with the program.
inline constexpr char kServeCommand[] = "serve";

// toolboxd-shim kill
//   Waits kKillSeconds for the process whose handle (base/process_handle.h) is descriptor 3, then
//   kills it.
inline constexpr char kKillCommand[] = "kill";

// toolboxd-shim sweep DIR SECONDS
//   Runs the janitor (janitor.h): a shim executes this when its program has ended.
inline constexpr char kSweepCommand[] = "sweep";

inline constexpr int kShimDescriptor = 3;

// From SIGTERM to SIGKILL.
inline constexpr int kKillSeconds = 5;

// The result of a job; one of the two is set. Host byte order.
struct StartReport {
  int pid = 0;
  // errno of the step that failed.
  int error = 0;
};

// Signals to a shim: more input was appended; the input is complete; the program was sent SIGTERM,
// so what is left of its process group after kKillSeconds must be killed.
inline constexpr int kInputSignal = SIGURG;
inline constexpr int kCloseInputSignal = SIGUSR1;
inline constexpr int kKillLaterSignal = SIGUSR2;

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_COMMAND_H_
