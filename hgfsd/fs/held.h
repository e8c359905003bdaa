// SPDX-License-Identifier: Apache-2.0

// System calls on what a descriptor holds, O_PATH or not. Each returns 0, or -1 and errno. What is
// held may be a symbolic link: the call is then about the link itself.

#ifndef TOOLBOXD_HGFSD_FS_HELD_H_
#define TOOLBOXD_HGFSD_FS_HELD_H_

#include <sys/types.h>
#include <time.h>

#include <string>

namespace toolboxd::hgfsd {

// Attributes of what a descriptor holds, O_PATH or not. 0, or the errno. Stateless.
int ChangeOwner(int held, uid_t uid, gid_t gid);
int ChangeMode(int held, mode_t mode);
// `times` as of utimensat(2).
int ChangeTimes(int held, const struct timespec times[2]);
int ChangeSize(int held, off_t size);

// Network file systems report errors of earlier writes, such as a full disk, when a descriptor is
// closed: closes another one of this file, which is not O_PATH, and reports what that says.
int CloseCopy(int held);

// Gives a file, which may have no name (O_TMPFILE), the new name `name` in the directory open as
// `directory`.
int LinkTo(int held, int directory, const std::string& name);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_HELD_H_
