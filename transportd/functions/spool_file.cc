// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {
namespace {

// Discard() releases steps of this many bytes, a multiple of every page size.
constexpr uint64_t kDiscardStep = 1 << 20;

UniqueFd OpenUnnamed(const std::string& directory) {
  UniqueFd file(open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  // Not every file system has O_TMPFILE.
  if (!file.ok() && (errno == EOPNOTSUPP || errno == EISDIR)) {
    std::string name = absl::StrCat(directory, "/toolboxd-XXXXXX");
    file.reset(mkostemp(name.data(), O_CLOEXEC));
    if (file.ok()) unlink(name.c_str());
  }
  return file;
}

}  // namespace

uint64_t SpoolFile::HeldWith(size_t more) const {
  const bool in_memory = !file_.ok() && size_ - base_ + more <= kInMemory;
  return in_memory ? 0 : size_ - released_ + more;
}

absl::Status SpoolFile::Append(absl::string_view data) {
  if (HeldWith(data.size()) == 0) {
    absl::StrAppend(&text_, data);
    size_ += data.size();
    return absl::OkStatus();
  }
  if (!file_.ok()) {
    file_ = OpenUnnamed(directory_);
    if (!file_.ok()) {
      return ErrnoError(errno, absl::StrCat("cannot create a file for a stream in ", directory_));
    }
    size_ = base_;
    absl::Status moved = WriteAll(text_);
    size_ = base_ + text_.size();
    if (!moved.ok()) {
      file_.reset();
      return moved;
    }
    std::string().swap(text_);
  }
  return WriteAll(data);
}

absl::Status SpoolFile::WriteAll(absl::string_view data) {
  uint64_t end = size_;
  while (!data.empty()) {
    const ssize_t written =
        pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(end - base_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return ErrnoError(errno, absl::StrCat("cannot write a stream's file in ", directory_));
    }
    data.remove_prefix(written);
    end += written;
  }
  size_ = end;
  return absl::OkStatus();
}

absl::StatusOr<std::string> SpoolFile::Read(uint64_t offset, size_t size) const {
  if (offset >= size_ || offset < begin_) return std::string();
  size = std::min<uint64_t>(size, size_ - offset);
  if (!file_.ok()) return text_.substr(offset - base_, size);
  std::string data(size, '\0');
  for (size_t done = 0; done < size;) {
    const ssize_t got = pread(file_.get(), data.data() + done, size - done,
                              static_cast<off_t>(offset - base_ + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return ErrnoError(got < 0 ? errno : EIO,
                        absl::StrCat("cannot read a stream's file in ", directory_));
    }
    done += got;
  }
  return data;
}

void SpoolFile::Discard(uint64_t end) {
  begin_ = std::max(begin_, std::min(end, size_));
  if (end >= size_) {
    file_.reset();
    std::string().swap(text_);
    base_ = released_ = size_;
    return;
  }
  if (!file_.ok() || end < released_ + kDiscardStep) return;
  const uint64_t length = (end - released_) / kDiscardStep * kDiscardStep;
  if (fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(released_ - base_), static_cast<off_t>(length)) == 0) {
    released_ += length;
  }
}

}  // namespace toolboxd
