// SPDX-License-Identifier: Apache-2.0

// The directory that a user's programs, records and spooled output live in.

#ifndef TOOLBOXD_SESSION_RUNTIME_DIR_H_
#define TOOLBOXD_SESSION_RUNTIME_DIR_H_

#include <sys/types.h>

#include <string>

namespace toolboxd::session {

// Makes BASE/user/UID, mode 0700, owned by the user, and the directories above it where
// they are missing. It outlives sessions and logind's own. Follows no symbolic link
// below BASE and refuses directories that others could have planted. Returns the path;
// empty after a failure, whose reason `error` then holds.
std::string MakeRuntimeDir(const std::string& base, uid_t uid, gid_t gid, std::string& error);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_RUNTIME_DIR_H_
