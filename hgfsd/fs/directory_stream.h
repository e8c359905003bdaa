// SPDX-License-Identifier: Apache-2.0

// DirectoryStream: reads the names of a directory in the kernel's order, from any position.

#ifndef TOOLBOXD_HGFSD_FS_DIRECTORY_STREAM_H_
#define TOOLBOXD_HGFSD_FS_DIRECTORY_STREAM_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace toolboxd::hgfsd {

// Holds one buffer of 32 KiB, whatever the directory's size. Not thread-safe.
class DirectoryStream {
 public:
  // Opens a directory; a symbolic link as the last component is not followed.
  static absl::StatusOr<DirectoryStream> Open(int parent, const std::string& name);
  // Owns the descriptor.
  explicit DirectoryStream(UniqueFd directory) : directory_(std::move(directory)) {}

  struct Entry {
    // Valid until the next call; NUL-terminated.
    absl::string_view name;
    // DT_DIR and the like; DT_UNKNOWN if the file system does not store types.
    unsigned char type = 0;
  };

  // The next entry without "." and ".."; an empty name at the end.
  absl::StatusOr<Entry> Next();

  // The position of the next entry, for SeekTo of this stream only.
  off_t position() const { return position_; }
  absl::Status SeekTo(off_t position);

  int fd() const { return directory_.get(); }
  // getdents64 calls so far.
  int reads() const { return reads_; }

 private:
  UniqueFd directory_;
  std::string buffer_;
  size_t used_ = 0;
  size_t filled_ = 0;
  off_t position_ = 0;
  int reads_ = 0;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_DIRECTORY_STREAM_H_
