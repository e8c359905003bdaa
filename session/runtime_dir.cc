// SPDX-License-Identifier: Apache-2.0

#include "session/runtime_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace toolboxd::session {
namespace {

// Opens the directory `name` of `parent`, making it if it is missing; -1 and errno.
int OpenOrMake(int parent, const char* name, mode_t mode) {
  if (mkdirat(parent, name, mode) != 0 && errno != EEXIST) return -1;
  return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Whether only this process's user can change the directory's entries.
bool IsOurs(int dir) {
  struct stat info;
  return fstat(dir, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 022) == 0;
}

// The innermost step: `dir` was just made by this user or belongs to the guest user.
bool HandOver(int dir, uid_t uid, gid_t gid) {
  struct stat info;
  if (fstat(dir, &info) != 0) return false;
  if (info.st_uid != uid && info.st_uid != geteuid()) {
    errno = EPERM;
    return false;
  }
  if ((info.st_uid != uid || info.st_gid != gid) && fchown(dir, uid, gid) != 0) return false;
  return (info.st_mode & 07777) == 0700 || fchmod(dir, 0700) == 0;
}

// BASE/user/UID; false and errno.
bool Make(const std::string& base, const std::string& name, uid_t uid, gid_t gid) {
  // Sockets of other users may live in `base`; what is below must belong to this process's user.
  const UniqueFd top(OpenOrMake(AT_FDCWD, base.c_str(), 0755));
  if (!top.ok()) return false;
  const UniqueFd users(OpenOrMake(top.get(), "user", 0711));
  if (!users.ok()) return false;
  if (!IsOurs(users.get())) {
    errno = EPERM;
    return false;
  }
  const UniqueFd own(OpenOrMake(users.get(), name.c_str(), 0700));
  return own.ok() && HandOver(own.get(), uid, gid);
}

}  // namespace

std::string MakeRuntimeDir(const std::string& base, uid_t uid, gid_t gid, std::string& error) {
  const std::string name = std::to_string(uid);
  const std::string path = base + "/user/" + name;
  if (Make(base, name, uid, gid)) return path;
  error = path + ": " + strerror(errno);
  return "";
}

}  // namespace toolboxd::session
