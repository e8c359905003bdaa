// SPDX-License-Identifier: Apache-2.0

// The first and last lines of a daemon's main.

#ifndef TOOLBOXD_DAEMON_INIT_H_
#define TOOLBOXD_DAEMON_INIT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/server.h"

namespace toolboxd {

// Sets up the process: allocator, broken pipes as errors, command line (ends the process for
// --help, --version and an error), log, gRPC's log and its quiet engine. Call it first in main.
// Programs started later inherit that SIGPIPE is ignored and should undo it.
void InitDaemon(int argc, char** argv, const std::string& name, const std::string& usage);

// The defaults of a daemon's shared flags.
struct DaemonDefaults {
  // The socket to bind, and its name among inherited ones.
  std::string socket;
  std::string listener_name;
  // For AllowedCallers::Parse; users and groups that this machine does not have are left out.
  std::string allow;
  absl::Duration idle_exit = absl::ZeroDuration();
};

// Listener, callers and idle exit from the shared flags. InvalidArgument names the flag.
absl::StatusOr<ServerOptions> ServerOptionsFromFlags(const DaemonDefaults& defaults);

// Logs what is wrong with a flag's value and returns the exit status for that, 2.
int UsageError(const absl::Status& error);

// The exit status for the outcome of main, which is logged unless it is OK: 0; 64 (EX_USAGE)
// for INVALID_ARGUMENT, the process was started wrongly; 1 for everything else.
int ExitStatus(const absl::Status& outcome);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_INIT_H_
