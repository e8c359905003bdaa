// SPDX-License-Identifier: Apache-2.0

// The flags that all daemons have, and the way into their main functions.

#ifndef TOOLBOXD_DAEMON_FLAGS_H_
#define TOOLBOXD_DAEMON_FLAGS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "daemon/command_line.h"
#include "daemon/peer.h"

namespace toolboxd {

// Exit status of a wrong command line.
inline constexpr int kExitUsage = 2;

// The values of the shared flags, checked. Empty or absent means the daemon's own default.
struct SharedFlags {
  std::string socket;
  mode_t socket_mode = 0660;
  std::string socket_group;
  AllowedCallers allowed;
  bool has_allowed = false;
  absl::Duration idle_exit = absl::ZeroDuration();
  bool has_idle_exit = false;
};
absl::StatusOr<SharedFlags> GetSharedFlags();

// Parses the command line, answers --help and --version (exit 0), reports an error (one line and
// exit 2), and starts the log. Returns the arguments that are not flags.
std::vector<std::string> ParseCommandLine(int argc, char** argv, Program program);

// The same for a daemon, which takes flags only: those of its folder and the shared ones.
void ParseCommandLine(int argc, char** argv, const std::string& name, const std::string& usage);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_FLAGS_H_
