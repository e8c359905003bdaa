// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "hgfsd/file_error.h"

namespace toolboxd::hgfsd {
namespace {

// The kernel writes space, tab, newline and backslash as three octal digits.
std::string Unescape(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                  (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace

bool HasMountAtOrBelow(absl::string_view mountinfo, absl::string_view path) {
  const std::string below = absl::EndsWith(path, "/") ? std::string(path) : absl::StrCat(path, "/");
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n')) {
    // "ID PARENT MAJOR:MINOR ROOT MOUNT-POINT ..."
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(' ', 5));
    if (fields.size() < 5) continue;
    const std::string point = Unescape(fields[4]);
    if (point == path || absl::StartsWith(point, below)) return true;
  }
  return false;
}

absl::Status CheckNoMounts(const std::string& path) {
  std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), &free);
  if (resolved == nullptr) return FileError(errno, path);
  std::ifstream file("/proc/self/mountinfo", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (HasMountAtOrBelow(text, resolved.get())) {
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
