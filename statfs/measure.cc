// SPDX-License-Identifier: Apache-2.0

#include "statfs/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/unique_fd.h"

namespace toolboxd::statfs {
namespace {

// Ends the component that `path` begins with by a NUL, and returns what follows; null at the end.
char* Cut(char* path) {
  char* const slash = strchr(path, '/');
  if (slash == nullptr) return nullptr;
  *slash = '\0';
  return slash + 1;
}

bool IsName(const char* component) {
  return component[0] != '\0' && strcmp(component, ".") != 0 && strcmp(component, "..") != 0;
}

bool IsMountedOn(const UniqueFd& folder, const UniqueFd& fd, struct stat& status) {
  struct stat above;
  return fstat(folder.get(), &above) == 0 && fstat(fd.get(), &status) == 0 &&
         above.st_dev != status.st_dev;
}

// Opens the mount point by its components, so that no link is followed on the way, whatever the
// kernel's age. Its status; a descriptor that is not ok where there is none.
UniqueFd OpenMountPoint(char* path, struct stat& status) {
  UniqueFd fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || path[0] != '/') return UniqueFd();
  // "/" is the one that is mounted on nothing.
  char* rest = path[1] == '\0' ? nullptr : path + 1;
  bool is_mount_point = rest == nullptr && fstat(fd.get(), &status) == 0;
  while (rest != nullptr) {
    const char* const component = rest;
    rest = Cut(rest);
    if (!IsName(component)) return UniqueFd();
    // A file system can be mounted on a file, but nothing below one.
    const int folder = rest == nullptr ? 0 : O_DIRECTORY;
    UniqueFd next(openat(fd.get(), component, O_PATH | O_NOFOLLOW | O_CLOEXEC | folder));
    if (!next.ok()) return UniqueFd();
    if (rest == nullptr) is_mount_point = IsMountedOn(fd, next, status);
    fd = std::move(next);
  }
  return is_mount_point ? std::move(fd) : UniqueFd();
}

}  // namespace

Reply Measure(const Request& request) {
  Reply reply;
  reply.error = ENOENT;
  char path[kMaxPath];
  memcpy(path, request.path, kMaxPath);
  if (memchr(path, '\0', kMaxPath) == nullptr) return reply;
  struct stat status;
  const UniqueFd fd = OpenMountPoint(path, status);
  if (!fd.ok()) return reply;
  struct ::statfs space;
  if (fstatfs(fd.get(), &space) != 0) {
    reply.error = errno;
    return reply;
  }
  const uint64_t unit = static_cast<uint64_t>(space.f_frsize != 0 ? space.f_frsize : space.f_bsize);
  reply.error = 0;
  reply.free_bytes = space.f_bavail * unit;
  reply.total_bytes = space.f_blocks * unit;
  reply.major = major(status.st_dev);
  reply.minor = minor(status.st_dev);
  return reply;
}

}  // namespace toolboxd::statfs
