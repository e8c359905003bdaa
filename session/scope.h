// SPDX-License-Identifier: Apache-2.0

// A systemd scope for the programs of one connection.

#ifndef TOOLBOXD_SESSION_SCOPE_H_
#define TOOLBOXD_SESSION_SCOPE_H_

#include <sys/types.h>

#include <string>

#include "session/user.h"

namespace toolboxd::session {

// vixd, or the process in its place, before it has children.
struct Program {
  pid_t process;
  User user;
  // Where the user's records are, in a file system of its own or not.
  std::string runtime_dir;
};

// Moves the process into toolboxd-vixd-UID-N.scope in toolboxd-programs-UID.slice, so that what it
// starts outlives every unit of toolboxd, and has the slice's limits together with the user's other
// programs; returns when it is there, in about ten milliseconds. Call it as root before the process
// has children. False where there is no system bus or the manager refuses, and `error` says why;
// then the unit's KillMode=process is what keeps programs alive. `proc` is where the kernel shows a
// process's control group.
bool MoveToScope(const Program& program, std::string& error, const std::string& proc = "/proc");

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_SCOPE_H_
