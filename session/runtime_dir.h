// SPDX-License-Identifier: Apache-2.0

// The directory that holds a user's programs, records and spooled output.

#ifndef TOOLBOXD_SESSION_RUNTIME_DIR_H_
#define TOOLBOXD_SESSION_RUNTIME_DIR_H_

#include <sys/types.h>

#include <string>

namespace toolboxd::session {

struct RuntimeDirOptions {
  // The parent of user/UID.
  std::string base;
  // If not empty, the directory is a file system in memory of the user's own, so that filling it up
  // hurts no other user. These are its options, such as "size=10%,nr_inodes=64k". Needs root.
  std::string tmpfs;
};

// Makes BASE/user/UID, mode 0700, owned by the user, and the directories above it where
// they are missing. It outlives sessions and logind's own. Follows no symbolic link
// below BASE and refuses directories that others could have planted. Its file system is mounted
// where the first process of the machine sees it; a directory that has files of the user already
// is left as it is. Returns the path; empty after a failure, whose reason `error` then holds.
std::string MakeRuntimeDir(const RuntimeDirOptions& options, uid_t uid, gid_t gid,
                           std::string& error);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_RUNTIME_DIR_H_
