// SPDX-License-Identifier: Apache-2.0

// FileReader: a file's content, from an offset to its end.

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

// Not thread-safe. Nothing is buffered; the end is where a read finds it, not where the
// size said it would be.
class FileReader {
 public:
  // Opens what OpenContent opens. An offset beyond the end is no error: there is no content.
  static absl::StatusOr<FileReader> Open(absl::string_view path, uint64_t offset);

  // As DescribeContent, of the open file.
  const v1::FileInfo& info() const { return info_; }

  // Replaces `data` by the next bytes, `size` unless the end is nearer; empty at the end.
  absl::Status Read(size_t size, std::string& data);

 private:
  FileReader() = default;

  UniqueFd fd_;
  v1::FileInfo info_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_READER_H_
