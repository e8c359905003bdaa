// SPDX-License-Identifier: Apache-2.0

// What a daemon that runs as a guest user gives up: other processes of that user must not be
// trusted, and a mistake in the daemon must not let a client do more than it may.

#ifndef TOOLBOXD_DAEMON_LOCKDOWN_H_
#define TOOLBOXD_DAEMON_LOCKDOWN_H_

#include "absl/status/status.h"

namespace toolboxd {

// Other processes of the same user can no longer trace this one, read or write its memory, or take
// its descriptors, and there is no core file; /proc/PID belongs to root. Programs that it executes
// are not affected. Call it first in main, since each exec undoes it.
void HideFromOwnUser();

// From now on calls that this process never needs fail with EPERM, in all of its threads: to
// execute a program, change identity, capabilities, namespaces or mounts, look into other
// processes, use keys, io_uring, BPF, userfaultfd or file handles. Cannot be undone, and sets
// no_new_privs. Start no thread before it.
absl::Status ForbidUnneededSystemCalls();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_LOCKDOWN_H_
