// SPDX-License-Identifier: Apache-2.0

// What vixd asks of the shim: a fixed command line, read without a parser.

#ifndef TOOLBOXD_VIXD_SHIM_COMMAND_H_
#define TOOLBOXD_VIXD_SHIM_COMMAND_H_

#include <signal.h>

namespace toolboxd::vixd {

// toolboxd-shim serve DIR
//   Takes jobs (job.h) from the stream socket at descriptor 3, one after another, until its
//   end. Forks for each one; the child starts the program, writes its record (record.h) below
//   DIR, answers with a StartReport on the same socket, and stays with the program.
inline constexpr char kServeCommand[] = "serve";

// toolboxd-shim kill
//   Waits kKillSeconds for the process behind the pidfd at descriptor 3, then kills it.
inline constexpr char kKillCommand[] = "kill";

// toolboxd-shim sweep DIR SECONDS
//   What a shim becomes when its program has ended (janitor.h).
inline constexpr char kSweepCommand[] = "sweep";

inline constexpr int kShimDescriptor = 3;

// From SIGTERM to SIGKILL.
inline constexpr int kKillSeconds = 5;

// One of them is set.
struct StartReport {
  int pid = 0;
  // errno of the step that failed.
  int error = 0;
};

// Signals to a shim: there is more input; the input has been committed; the program got SIGTERM,
// so kill its process group if there is anything left of it after kKillSeconds.
inline constexpr int kInputSignal = SIGURG;
inline constexpr int kCloseInputSignal = SIGUSR1;
inline constexpr int kKillLaterSignal = SIGUSR2;

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_COMMAND_H_
