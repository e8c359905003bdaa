// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/directory_stream.h"

#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hgfsd/fs/file_error.h"

namespace toolboxd::hgfsd {
namespace {

// About a thousand names in one call.
constexpr size_t kBufferSize = 32 * 1024;

}  // namespace

absl::StatusOr<DirectoryStream::Entry> DirectoryStream::Next() {
  if (buffer_.empty()) buffer_.resize(kBufferSize);
  while (true) {
    if (used_ == filled_) {
      ++reads_;
      const ssize_t size =
          syscall(SYS_getdents64, directory_.get(), buffer_.data(), buffer_.size());
      if (size < 0) return FileError(errno, "cannot read a directory");
      used_ = 0;
      filled_ = size;
      if (size == 0) return Entry();
    }
    const auto* entry = reinterpret_cast<const struct dirent64*>(buffer_.data() + used_);
    used_ += entry->d_reclen;
    position_ = entry->d_off;
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") return Entry{name, entry->d_type};
  }
}

absl::Status DirectoryStream::SeekTo(off_t position) {
  if (lseek(directory_.get(), position, SEEK_SET) < 0)
    return FileError(errno, "cannot read a directory");
  used_ = filled_ = 0;
  position_ = position;
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd
