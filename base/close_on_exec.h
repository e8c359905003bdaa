// SPDX-License-Identifier: Apache-2.0

// Keeping descriptors from a program that is about to be executed. Without Abseil.

#ifndef TOOLBOXD_BASE_CLOSE_ON_EXEC_H_
#define TOOLBOXD_BASE_CLOSE_ON_EXEC_H_

namespace toolboxd {

// Sets close-on-exec for each open descriptor of this process from `first` on. False, with errno,
// where some may have been left out. Thread-safe, and allowed between fork(2) and exec(3): it does
// not allocate. Unlike posix_spawn_file_actions_addclosefrom_np(3), which glibc has since 2.34, it
// does not see what another thread opens later without O_CLOEXEC; no thread of toolboxd does.
bool CloseOnExecFrom(int first);

// The same without the flag of close_range(2), as on kernels before 5.11.
bool CloseOnExecFromByProc(int first);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_CLOSE_ON_EXEC_H_
