// SPDX-License-Identifier: Apache-2.0

// Handles that keep standing for one process, even if its number is given to another later. Without
// Abseil.

#ifndef TOOLBOXD_BASE_PROCESS_HANDLE_H_
#define TOOLBOXD_BASE_PROCESS_HANDLE_H_

#include <sys/types.h>

#include "base/unique_fd.h"

namespace toolboxd {

// Opens a descriptor for the process with that number: a pidfd, or before Linux 5.3 its folder in
// /proc. Both stand for that process only. Close-on-exec. Returns none, with errno, where there is
// no such process (ESRCH). The functions below take either kind. All are thread-safe.
UniqueFd OpenProcess(pid_t process);

// The same without pidfd_open(2).
UniqueFd OpenProcessFolder(pid_t process);

// Whether the process has ended, even if it has not been waited for yet. True for a descriptor of
// another kind; false where the process cannot be seen.
bool HasProcessEnded(int handle);

// Returns the handle if poll(2) finds it readable once the process has ended; -1 for a folder.
int PollableOf(int handle);

// Waits at most this time for the process to end, and returns whether it has. A folder is checked
// every 10 ms.
bool AwaitProcessEnd(int handle, int timeout_ms);

// Sends a signal; false with errno, which is ESRCH once the process has ended. With a folder, the
// signal goes to the number right after a check of the process: to reach another one, the process
// would have to end in between, and the kernel give away every other number.
bool SignalProcessOf(int handle, int signal);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_PROCESS_HANDLE_H_
