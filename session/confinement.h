// SPDX-License-Identifier: Apache-2.0

// Whether a caller is in a sandbox, in which a process that is started for it would not be.

#ifndef TOOLBOXD_SESSION_CONFINEMENT_H_
#define TOOLBOXD_SESSION_CONFINEMENT_H_

#include <sys/types.h>

#include <string>

namespace toolboxd::session {

// Compares the process at the other end of a Unix connection with process 1: no_new_privs, filters
// of system calls, capabilities that it can ever have, namespaces and root directory. Returns, for
// people, what is narrower; empty if nothing is.
//
// The process is held by a handle (base/process_handle.h), so that all checks concern one process:
// the connection's own pidfd (Linux 6.5), or one by its number, whose process must then be older
// than this one. A process that has ended, or that cannot be examined, counts as confined. Needs
// root with CAP_SYS_PTRACE.
std::string FindConfinement(int connection);

// The same for a process by its number. `since` is the latest start that is believed, in clock
// ticks since boot (0: any).
std::string FindConfinementOfProcess(pid_t process, unsigned long long since);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_CONFINEMENT_H_
