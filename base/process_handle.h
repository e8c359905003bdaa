// SPDX-License-Identifier: Apache-2.0

// A process that stays the same one, whoever gets its number later. Without Abseil.

#ifndef TOOLBOXD_BASE_PROCESS_HANDLE_H_
#define TOOLBOXD_BASE_PROCESS_HANDLE_H_

#include <sys/types.h>

#include "base/unique_fd.h"

namespace toolboxd {

// A descriptor for the process of that number: a pidfd, or before Linux 5.3 its folder in /proc.
// Both stand for that process only. Close-on-exec. None, with errno, where there is no such process
// (ESRCH). Those below take either. All are thread-safe.
UniqueFd OpenProcess(pid_t process);

// The same without pidfd_open(2).
UniqueFd OpenProcessFolder(pid_t process);

// Whether it has ended; also before it has been waited for. True for what is not such a descriptor.
bool HasProcessEnded(int handle);

// The handle if poll(2) finds it readable once the process has ended; -1 for a folder.
int PollableOf(int handle);

// Waits for its end, at most this time; whether it has ended. A folder is looked at every 10 ms.
bool AwaitProcessEnd(int handle, int timeout_ms);

// Sends a signal; false with errno, which is ESRCH once it has ended. By a folder, the signal is
// sent to the number right after a look at the process: between the two the kernel would have to
// end it and give away every other number.
bool SignalProcessOf(int handle, int signal);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_PROCESS_HANDLE_H_
