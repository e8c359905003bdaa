// SPDX-License-Identifier: Apache-2.0

// What the freezer gives up before it hears its caller.

#ifndef TOOLBOXD_FREEZER_LOCKDOWN_H_
#define TOOLBOXD_FREEZER_LOCKDOWN_H_

#include <cstdint>

namespace toolboxd::freezer {

// No core file, and no other process of the same user may trace this one or read its memory.
void Hide();

// Gives up all capabilities but those of the mask (1 << CAP_…), of which it keeps what it has. 0 or
// an errno.
int KeepCapabilities(uint64_t mask);

// From now on this process and its children have the system calls that a freeze needs: ioctl only
// with FIFREEZE and FITHAW, prctl only with PR_SET_NAME and PR_SET_SECCOMP, clone only as fork(2)
// and pthread_create(3), mmap only for memory without code.
// All others fail with EPERM and do not end the process: one that has frozen something lives until
// it has thawed it, whatever a C library tries. Calls of another architecture end it. Sets
// no_new_privs. 0 or an errno.
int ForbidOtherSystemCalls();

// From now on they open no file either. After ForbidOtherSystemCalls; 0 or an errno.
int ForbidOpening();

// For the process that releases FIFREEZE (freezer/release.h), in place of ForbidOtherSystemCalls:
// signals are SIGSTOP and SIGCONT, and by pidfd_send_signal(2) SIGKILL, and there is no ioctl.
int ForbidAllButReleasing();

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_LOCKDOWN_H_
