// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/content_size.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/file_info.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"

namespace toolboxd::hgfsd {
namespace {

// The host's packet size (docs/protocol/hgfs.md 5.6), which toolbox reports for every such file.
constexpr uint64_t kUnknownSize = 63488;
// Bytes that are read to count a file's content.
constexpr uint64_t kMaxCounted = 16 * 1024 * 1024;

}  // namespace

absl::StatusOr<Content> OpenContent(absl::string_view path, FinalLink final_link) {
  const absl::StatusOr<Entry> entry = FindExisting(path, final_link);
  if (!entry.ok()) return entry.status();
  if (entry->IsDirectory()) return FileError(EISDIR, path);
  const mode_t mode = entry->status.st_mode;
  if (!S_ISREG(mode) && !S_ISBLK(mode) && !S_ISLNK(mode)) {
    return MakeError(
        v1::NOT_A_FILE,
        absl::StrCat(path, " is a pipe, a socket or a character device, which is not read"));
  }
  absl::StatusOr<UniqueFd> fd = OpenHeld(*entry, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok()) return fd.status();
  const uint64_t size = ContentSize(fd->get(), entry->status);
  return Content{*std::move(fd), entry->status, size};
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
  absl::StatusOr<Content> content = OpenContent(path, FinalLink::kFollow);
  if (!content.ok()) return content.status();
  v1::FileInfo info = FileInfoFromStat(content->status, path);
  info.set_size(content->size);
  absl::StatusOr<v1::FileInfo> permissions = DescribePath(path, FinalLink::kFollow);
  if (permissions.ok()) info.set_effective_permissions(permissions->effective_permissions());
  return info;
}

}  // namespace toolboxd::hgfsd
