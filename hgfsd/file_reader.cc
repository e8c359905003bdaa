// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "hgfsd/file_info.h"
#include "hgfsd/fs/file_error.h"

namespace toolboxd::hgfsd {
namespace {

// Once and twice this much is asked for beyond what is read.
constexpr uint64_t kReadAhead = 512 << 10;

}  // namespace

absl::StatusOr<FileReader> FileReader::Open(absl::string_view path, uint64_t offset) {
  if (offset > INT64_MAX) return FileError(EINVAL, "the offset");
  absl::StatusOr<Content> content = OpenContent(path, FinalLink::kKeep);
  if (!content.ok()) return content.status();
  FileReader reader;
  reader.info_ = FileInfoFromStat(content->status, path);
  reader.info_.set_size(content->size);
  reader.fd_ = std::move(content->fd);
  if (offset > 0 && lseek(reader.fd_.get(), offset, SEEK_SET) < 0) {
    return FileError(errno, path);
  }
  // Without the kernel's own read-ahead, whose window is the device's: where that is 8 MiB, the
  // host waits for all of them in one packet.
  posix_fadvise(reader.fd_.get(), 0, 0, POSIX_FADV_RANDOM);
  reader.position_ = reader.ahead_ = offset;
  return reader;
}

void FileReader::ReadAhead() {
  if (position_ + kReadAhead <= ahead_) return;
  posix_fadvise(fd_.get(), static_cast<off_t>(ahead_), static_cast<off_t>(kReadAhead),
                POSIX_FADV_WILLNEED);
  ahead_ += kReadAhead;
}

absl::Status FileReader::Read(size_t size, std::string& data) {
  ReadAhead();
  data.resize(size);
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count = read(fd_.get(), data.data() + filled, size - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && filled == 0) return FileError(errno, "cannot read the file");
    // The next read will report an error that occurred after some bytes.
    if (count <= 0) break;
    filled += count;
  }
  data.resize(filled);
  position_ += filled;
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd
