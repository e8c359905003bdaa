// SPDX-License-Identifier: Apache-2.0

// FileReader: reads a file's content from an offset to its end.

#ifndef TOOLBOXD_HGFSD_FILE_READER_H_
#define TOOLBOXD_HGFSD_FILE_READER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/content_size.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Does not buffer. The end is where a read finds it, which may not be the size that was reported.
// Not thread-safe.
class FileReader {
 public:
  // Opens as OpenContent does, and no link. An offset beyond the end is not an error; there is no
  // content then.
  static absl::StatusOr<FileReader> Open(absl::string_view path, uint64_t offset);

  // As DescribeContent, without effective permissions.
  const v1::FileInfo& info() const { return info_; }

  // Replaces `data` by the next bytes, at most `size`; fewer only before the end, none at the end.
  absl::Status Read(size_t size, std::string& data);

 private:
  // Has the kernel read what comes next.
  void ReadAhead();

  FileReader() = default;

  UniqueFd fd_;
  // Where the next read starts, and where the content ends that the kernel has been asked for.
  uint64_t position_ = 0;
  uint64_t ahead_ = 0;
  v1::FileInfo info_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_READER_H_
