// SPDX-License-Identifier: Apache-2.0

#include "base/replace_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace toolboxd {
namespace {

absl::Status WriteAll(int fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReplaceFile(const std::string& path, absl::string_view content, mode_t mode) {
  const std::string temporary = absl::StrCat(path, ".new");
  // What an earlier attempt left.
  unlink(temporary.c_str());
  UniqueFd file(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.ok()) return ErrnoError(errno, temporary);
  absl::Status status = WriteAll(file.get(), content, temporary);
  // Whatever the umask.
  if (status.ok() && fchmod(file.get(), mode) != 0) status = ErrnoError(errno, temporary);
  // A network file system says then that it does not fit.
  if (status.ok() && close(file.release()) != 0) status = ErrnoError(errno, temporary);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoError(errno, path);
  }
  if (!status.ok()) unlink(temporary.c_str());
  return status;
}

}  // namespace toolboxd
