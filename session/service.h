// SPDX-License-Identifier: Apache-2.0

// The process that becomes the service, and the wait for its end.

#ifndef TOOLBOXD_SESSION_SERVICE_H_
#define TOOLBOXD_SESSION_SERVICE_H_

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "session/user.h"

namespace toolboxd::session {

// Where a service finds its connection.
inline constexpr int kServiceConnection = 3;

struct Service {
  // Absolute path of the program, whose base name is its argv[0].
  std::string program;
  std::vector<std::string> arguments;
  User user;
  std::vector<std::string> environment;
  int connection = -1;
  // Whether this process's descriptors 0 to 2 are the user's own to keep. Otherwise the service
  // gets /dev/null and a log of its own.
  bool keeps_streams = false;
  // The journal's socket, for that log (session/log_stream.h); empty: the log goes to /dev/null.
  std::string journal;
  // Capabilities that the service must not have even if its user is root.
  std::vector<int> dropped_capabilities;
};

// The signals that the waiting process takes with sigwaitinfo: block them before the fork.
sigset_t WaitedSignals();

// For the forked child. Waits for a byte on `gate`, becomes the user irrevocably, replies on
// the connection and executes the program, which has descriptors 0 to 2 as above and the
// connection as descriptor 3. `parent` is the process whose death ends it.
[[noreturn]] void BecomeService(const Service& service, int gate, pid_t parent);

// Waits for the child and returns its wait status. SIGTERM, SIGINT and SIGHUP are
// passed on to it as SIGTERM; five seconds later it is killed.
int WaitForService(pid_t child);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_SERVICE_H_
