// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/content_size.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/file_error.h"
#include "hgfsd/file_info.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {
namespace {

// The host's packet size (docs/protocol/hgfs.md 5.6), which toolbox reports for every such file.
constexpr uint64_t kUnknownSize = 63488;
// Bytes that are read to count a file's content.
constexpr uint64_t kMaxCounted = 16 * 1024 * 1024;

}  // namespace

absl::StatusOr<Content> OpenContent(absl::string_view path) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  // O_PATH first: opening a pipe would wait, opening a device may act on it.
  UniqueFd found(open(std::string(path).c_str(), O_PATH | O_CLOEXEC));
  if (!found.ok()) return FileError(errno, path);
  Content content;
  if (fstat(found.get(), &content.status) != 0) return FileError(errno, path);
  if (S_ISDIR(content.status.st_mode)) return FileError(EISDIR, path);
  if (!S_ISREG(content.status.st_mode) && !S_ISBLK(content.status.st_mode)) {
    return MakeError(
        v1::NOT_A_FILE,
        absl::StrCat(path, " is a pipe, a socket or a character device, which is not read"));
  }
  const std::string again = absl::StrCat("/proc/self/fd/", found.get());
  content.fd.reset(open(again.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!content.fd.ok()) return FileError(errno, path);
  content.size = ContentSize(content.fd.get(), content.status);
  return content;
}

uint64_t ContentSize(int fd, const struct stat& status) {
  if (S_ISBLK(status.st_mode)) {
    const off_t end = lseek(fd, 0, SEEK_END);
    lseek(fd, 0, SEEK_SET);
    return end > 0 ? end : 0;
  }
  if (status.st_size != 0) return status.st_size;
  std::string buffer(64 * 1024, '\0');
  uint64_t size = 0;
  while (size <= kMaxCounted) {
    const ssize_t count = pread(fd, buffer.data(), buffer.size(), size);
    if (count == 0) return size;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    size += count;
  }
  return kUnknownSize;
}

absl::StatusOr<v1::FileInfo> DescribeContent(absl::string_view path) {
  absl::StatusOr<Content> content = OpenContent(path);
  if (!content.ok()) return content.status();
  v1::FileInfo info = FileInfoFromStat(content->status, path);
  info.set_size(content->size);
  absl::StatusOr<v1::FileInfo> permissions = DescribePath(path, FinalLink::kFollow);
  if (permissions.ok()) info.set_effective_permissions(permissions->effective_permissions());
  return info;
}

}  // namespace toolboxd::hgfsd
