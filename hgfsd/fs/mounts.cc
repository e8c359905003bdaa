// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/mountinfo.h"
#include "base/small_file.h"
#include "base/status.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {
namespace {

// Tens of thousands of mounts.
constexpr size_t kMaxMountInfo = 16 << 20;

}  // namespace

bool HasMountAtOrBelow(absl::string_view mountinfo, absl::string_view path) {
  const std::string below = absl::EndsWith(path, "/") ? std::string(path) : absl::StrCat(path, "/");
  const std::vector<Mount> mounts = ParseMountInfo(mountinfo);
  for (const Mount& mount : mounts) {
    if (mount.mount_point == path || absl::StartsWith(mount.mount_point, below)) return true;
  }
  // A line that does not parse could be the mount.
  const std::vector<absl::string_view> lines = absl::StrSplit(mountinfo, '\n', absl::SkipEmpty());
  return mounts.size() != lines.size();
}

absl::Status CheckNoMounts(const Entry& entry) {
  const std::string& path = entry.path;
  const absl::StatusOr<std::string> resolved = ReadLink(AT_FDCWD, Through(entry.file.get()));
  if (!resolved.ok()) return resolved.status();
  std::string text;
  const int error = ReadSmallFile("/proc/self/mountinfo", kMaxMountInfo, text);
  if (error != 0) return ErrnoError(error, "cannot read /proc/self/mountinfo");
  // A mount that was cut off could be below the path.
  if (text.size() == kMaxMountInfo) {
    return MakeError(v1::BUSY, absl::StrCat(path, ": too many file systems are mounted"), EBUSY);
  }
  if (HasMountAtOrBelow(text, *resolved)) {
    return MakeError(v1::BUSY, absl::StrCat(path, ": a file system is mounted there"), EBUSY);
  }
  return absl::OkStatus();
}

int OpenDirectoryBelow(int parent, const char* name) {
  struct open_how how = {};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const int fd = syscall(SYS_openat2, parent, name, &how, sizeof(how));
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
  // Before Linux 5.6, and where a filter refuses the call: bind mounts go unseen.
  const int plain = openat(parent, name, how.flags);
  struct stat here, there;
  if (plain >= 0 &&
      (fstat(parent, &here) != 0 || fstat(plain, &there) != 0 || here.st_dev != there.st_dev)) {
    close(plain);
    errno = EXDEV;
    return -1;
  }
  return plain;
}

}  // namespace toolboxd::hgfsd
