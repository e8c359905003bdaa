// What vixd asks of the shim: a fixed command line, read without a parser.

#ifndef TOOLBOXD_VIXD_SHIM_COMMAND_H_
#define TOOLBOXD_VIXD_SHIM_COMMAND_H_

#include <signal.h>

namespace toolboxd::vix {

// toolboxd-shim run DIR OUTPUT_LIMIT NAME COMMAND_LINE SHELL SCRIPT
//   Starts SHELL -c SCRIPT in the current directory and with the current environment, writes
//   its record (record.h) below DIR and a StartReport on descriptor 3. OUTPUT_LIMIT is in
//   bytes for each of stdout and stderr of a program with I/O, and "-" for one without.
inline constexpr char kRunCommand[] = "run";

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

// Signals to a shim: the input has been committed; the program got SIGTERM, so kill its
// process group if there is anything left of it after kKillSeconds.
inline constexpr int kCloseInputSignal = SIGUSR1;
inline constexpr int kKillLaterSignal = SIGUSR2;

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_VIXD_SHIM_COMMAND_H_
