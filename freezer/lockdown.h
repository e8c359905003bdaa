// SPDX-License-Identifier: Apache-2.0

// What the freezer gives up before it hears its caller.

#ifndef TOOLBOXD_FREEZER_LOCKDOWN_H_
#define TOOLBOXD_FREEZER_LOCKDOWN_H_

namespace toolboxd::freezer {

// No core file, and no other process of the same user may trace this one or read its memory.
void Hide();

// From now on this process and its children have the system calls that a freeze needs: ioctl only
// with FIFREEZE and FITHAW, prctl only with PR_SET_NAME, clone only as fork(2). All others fail
// with EPERM and do not end the process: one that has frozen something lives until it has thawed
// it, whatever a C library tries. Calls of another architecture end it. Sets no_new_privs. 0 or an
// errno.
int ForbidOtherSystemCalls();

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_LOCKDOWN_H_
