// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/mount_id.h"
#include "base/mountinfo.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {
namespace {

// A line that does not parse could be the mount.
bool MayBeAtOrBelow(const Mount* mount, absl::string_view path) {
  if (mount == nullptr || mount->mount_point == path) return true;
  return absl::StartsWith(mount->mount_point, path) &&
         (absl::EndsWith(path, "/") || mount->mount_point[path.size()] == '/');
}

}  // namespace

bool HasMountAtOrBelow(absl::string_view mountinfo, absl::string_view path) {
  bool found = false;
  VisitMounts(mountinfo, [&](const Mount* mount, absl::string_view) {
    found = MayBeAtOrBelow(mount, path);
    return !found;
  });
  return found;
}

absl::Status CheckNoMounts(const Entry& entry) {
  const std::string& path = entry.path;
  const absl::StatusOr<std::string> resolved = ReadLink(AT_FDCWD, Through(entry.file.get()));
  if (!resolved.ok()) return resolved.status();
  const UniqueFd mountinfo(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!mountinfo.ok()) return ErrnoError(errno, "cannot open /proc/self/mountinfo");
  bool found = false;
  const absl::Status read =
      VisitMounts(mountinfo.get(), [&](const Mount* mount, absl::string_view) {
        found = MayBeAtOrBelow(mount, *resolved);
        return !found;
      });
  if (!read.ok()) return read;
  if (found) {
    return MakeError(v1::BUSY, absl::StrCat(path, ": a file system is mounted there"), EBUSY);
  }
  return absl::OkStatus();
}

int OpenDirectoryBelow(int parent, const char* name) {
  struct open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const int fd = static_cast<int>(syscall(SYS_openat2, parent, name, &how, sizeof(how)));
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
  // Before Linux 5.6, and where a filter refuses the call.
  UniqueFd plain(openat(parent, name, static_cast<int>(how.flags)));
  if (!plain.ok()) return -1;
  const uint32_t mount = MountIdOf(parent);
  if (mount == 0 || mount != MountIdOf(plain.get())) {
    plain.reset();
    errno = EXDEV;
    return -1;
  }
  return plain.release();
}

}  // namespace toolboxd::hgfsd
