// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "hgfsd/fs/file_error.h"

namespace toolboxd::hgfsd {
namespace {

constexpr int kHold = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool IsLink(int directory, const std::string& name) {
  struct stat st;
  return fstatat(directory, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

absl::Status LinkOnTheWay(const std::string& path) {
  return MakeError(v1::INVALID_ARGUMENT,
                   absl::StrCat("'", absl::CHexEscape(path), "' leads through a symbolic link"),
                   ELOOP);
}

}  // namespace

absl::StatusOr<UniqueFd> OpenBeneath(int top, const std::string& path, Missing missing) {
  struct open_how how = {};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const char* const name = path.empty() ? "." : path.c_str();
  UniqueFd fd(static_cast<int>(syscall(SYS_openat2, top, name, &how, sizeof(how))));
  if (fd.ok()) return fd;
  if (errno == ELOOP) return LinkOnTheWay(path);
  const bool too_long = errno == ENAMETOOLONG && path.size() >= PATH_MAX;
  const bool walk = errno == ENOSYS || errno == EPERM || too_long ||
                    (errno == ENOENT && missing == Missing::kMake);
  return walk ? WalkBeneath(top, path, missing) : FileError(errno, path);
}

absl::StatusOr<UniqueFd> WalkBeneath(int top, const std::string& path, Missing missing) {
  UniqueFd here(openat(top, ".", kHold));
  if (!here.ok()) return FileError(errno, path);
  for (absl::string_view view : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    const std::string name(view);
    UniqueFd next(openat(here.get(), name.c_str(), kHold));
    if (!next.ok() && errno == ENOENT && missing == Missing::kMake) {
      if (mkdirat(here.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
        return FileError(errno, path);
      }
      next.reset(openat(here.get(), name.c_str(), kHold));
    }
    if (!next.ok()) {
      const int error = errno;
      return IsLink(here.get(), name) ? LinkOnTheWay(path) : FileError(error, path);
    }
    here = std::move(next);
  }
  return here;
}

}  // namespace toolboxd::hgfsd
