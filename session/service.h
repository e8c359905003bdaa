// SPDX-License-Identifier: Apache-2.0

// The process that becomes the service, and the wait for its end.

#ifndef TOOLBOXD_SESSION_SERVICE_H_
#define TOOLBOXD_SESSION_SERVICE_H_

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/unique_fd.h"
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
  // Whether this process's descriptors 0 to 2 belong to the user and are kept. Otherwise the
  // service gets /dev/null and a log of its own.
  bool keeps_streams = false;
  // The journal's socket, for that log (session/log_stream.h); empty: the log goes to /dev/null.
  std::string journal;
  // Capabilities that the service must not have even if its user is root.
  std::vector<int> dropped_capabilities;
};

// The signals that the waiting process takes with sigwaitinfo: block them before the fork.
sigset_t WaitedSignals();

// Runs in the forked child. Waits for a byte on `gate`, replies on the connection, becomes the user
// irrevocably and executes the program, which has descriptors 0 to 2 as above and the connection as
// descriptor 3. Nothing that the user does can delay the reply. The child ends with the process
// `parent`.
[[noreturn]] void BecomeService(const Service& service, int gate, pid_t parent);

// How long a service may continue after its connection has ended: it finishes what it has begun,
// such as the removal of a large tree. A service that was stopped never sees that end.
inline constexpr std::chrono::minutes kHangUpGrace{10};

// How long a service may take to end after SIGTERM.
inline constexpr std::chrono::seconds kTerminationTime{5};

// Waits for the child and returns its wait status, -1 where it cannot be waited for or killed.
// `connection` is closed in time for the service's end to be the connection's. The child
// is ended by SIGTERM, and SIGCONT where it was stopped, and after kTerminationTime by SIGKILL:
// when this process gets SIGTERM, SIGINT or SIGHUP, and `grace` after the connection's end. Its
// descendants get no signal.
int WaitForService(pid_t child, UniqueFd connection,
                   std::chrono::milliseconds grace = kHangUpGrace);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_SERVICE_H_
