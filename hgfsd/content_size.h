// SPDX-License-Identifier: Apache-2.0

// How long a file's content is, also if the kernel does not report it (docs/protocol/hgfs.md 5.9).

#ifndef TOOLBOXD_HGFSD_CONTENT_SIZE_H_
#define TOOLBOXD_HGFSD_CONTENT_SIZE_H_

#include <sys/stat.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "hgfsd/fs/find.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// A file that is open for reading.
struct Content {
  UniqueFd fd;
  struct stat status = {};
  // In bytes; see ContentSize.
  uint64_t size = 0;
};

// Opens a regular file or block device. Anything else has no content that ends: it is NOT_A_FILE
// and is not opened, because that may wait or act on a device. IS_A_SYMLINK for a link that is
// kept.
absl::StatusOr<Content> OpenContent(absl::string_view path, FinalLink final_link);

// The size of a file's content in bytes. The descriptor's offset is 0 before and after. Files of
// procfs and sysfs have size 0 and may still have content: they are read once to count it, up to
// 16 MiB. A longer file, or one that cannot be read yet, is reported as 63,488 bytes: the host's
// packet size, which it requests in any case (docs/protocol/hgfs.md 5.9).
uint64_t ContentSize(int fd, const struct stat& status);

// FileInfo of the file that the path leads to: attributes, ContentSize, effective permissions.
// Follows links.
absl::StatusOr<v1::FileInfo> DescribeContent(absl::string_view path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_CONTENT_SIZE_H_
