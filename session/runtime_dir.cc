// SPDX-License-Identifier: Apache-2.0

#include "session/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/mount_id.h"
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

// The directory as a place: what a user has mounted on it is not asked for anything, since its
// server may never answer.
UniqueFd OpenPlace(int parent, const char* name) {
  return UniqueFd(openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool IsEmpty(int dir) {
  const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = fd < 0 ? nullptr : fdopendir(fd);
  if (list == nullptr) return false;
  int names = 0;
  while (readdir(list) != nullptr) ++names;
  closedir(list);
  // "." and "..".
  return names == 2;
}

// The kernel knows it by itself, without asking the file system.
bool IsMountedIn(int dir, int parent) { return MountIdOf(dir) != MountIdOf(parent); }

// In a process of its own, since it enters the mount namespace of process 1: a drop-in may have
// given this one its own, and the user's next session must find the file system too. False and
// errno.
bool MountForAll(const std::string& path, const std::string& options) {
  const pid_t child = fork();
  if (child == 0) {
    const int all = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (all >= 0 && setns(all, CLONE_NEWNS) == 0 &&
        mount("toolboxd", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              options.c_str()) == 0) {
      _exit(0);
    }
    // Every errno of these calls is below 256.
    _exit(std::max(errno, 1));
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0) return false;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  return errno == 0;
}

// A place with a file system of the user's own, which is mounted if there is none.
UniqueFd PrepareOwnFileSystem(int users, const std::string& base, const std::string& name,
                              const std::string& options) {
  if (mkdirat(users, name.c_str(), 0700) != 0 && errno != EEXIST) return UniqueFd();
  UniqueFd own = OpenPlace(users, name.c_str());
  // Files of the user's are there only if an older version made the directory: their programs
  // still run, and the next start of the machine removes them.
  if (!own.ok() || IsMountedIn(own.get(), users) || !IsEmpty(own.get())) return own;
  if (!MountForAll(base + "/user/" + name, "mode=0700," + options)) return UniqueFd();
  own = OpenPlace(users, name.c_str());
  if (!own.ok() || IsMountedIn(own.get(), users)) return own;
  errno = ENODEV;
  return UniqueFd();
}

// Whether the file system of the user's own is there; false and errno. Sessions wait for each other
// at `users`, which only root can open. What the user has mounted in its place is not asked for
// anything: the place of this process is not the user's to keep.
bool MakeOwnFileSystem(int users, const std::string& base, const std::string& name, uid_t uid,
                       gid_t gid, const std::string& options) {
  if (flock(users, LOCK_EX) != 0) return false;
  const std::string owned =
      "uid=" + std::to_string(uid) + ",gid=" + std::to_string(gid) + "," + options;
  const UniqueFd own = PrepareOwnFileSystem(users, base, name, owned);
  const int error = errno;
  flock(users, LOCK_UN);
  errno = error;
  if (!own.ok() || IsMountedIn(own.get(), users)) return own.ok();
  const UniqueFd dir(openat(own.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return dir.ok() && HandOver(dir.get(), uid, gid);
}

// BASE/user/UID; false and errno.
bool Make(const RuntimeDirOptions& options, const std::string& name, uid_t uid, gid_t gid) {
  // Sockets of other users may live in `base`; what is below must belong to this process's user.
  const UniqueFd top(OpenOrMake(AT_FDCWD, options.base.c_str(), 0755));
  if (!top.ok()) return false;
  const UniqueFd users(OpenOrMake(top.get(), "user", 0711));
  if (!users.ok()) return false;
  if (!IsOurs(users.get())) {
    errno = EPERM;
    return false;
  }
  if (!options.tmpfs.empty()) {
    return MakeOwnFileSystem(users.get(), options.base, name, uid, gid, options.tmpfs);
  }
  const UniqueFd own(OpenOrMake(users.get(), name.c_str(), 0700));
  return own.ok() && HandOver(own.get(), uid, gid);
}

}  // namespace

std::string MakeRuntimeDir(const RuntimeDirOptions& options, uid_t uid, gid_t gid,
                           std::string& error) {
  const std::string name = std::to_string(uid);
  const std::string path = options.base + "/user/" + name;
  if (Make(options, name, uid, gid)) return path;
  error = path + ": " + strerror(errno);
  return "";
}

}  // namespace toolboxd::session
