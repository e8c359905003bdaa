// SPDX-License-Identifier: Apache-2.0

// SpoolFile: the bytes of one stream, outside this process's memory.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_SPOOL_FILE_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_SPOOL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace toolboxd {

// Appended to at its end, read at any offset. A short stream is kept in memory, a longer one in a
// file without a name, which is deleted with this object. Not thread-safe.
class SpoolFile {
 public:
  // Bytes that are kept in memory.
  static constexpr size_t kInMemory = 2048;

  // `directory` is where the file is made; it must outlive this object.
  explicit SpoolFile(const std::string* directory) : directory_(*directory) {}

  // The error of a system call, such as NO_SPACE; nothing is appended then.
  absl::Status Append(absl::string_view data);
  // Reads at most `size` bytes from an offset; fewer only at the end.
  absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const;
  // Discards the bytes before an offset, which must not be read again. Their disk space is released
  // in large steps.
  void Discard(uint64_t end);

  // The offset at which the next byte goes, and the first one that may still be read.
  uint64_t size() const { return size_; }
  uint64_t begin() const { return begin_; }
  // Bytes on disk: now, and after `more` bytes are appended.
  uint64_t held() const { return file_.ok() ? size_ - released_ : 0; }
  uint64_t HeldWith(size_t more) const;

 private:
  absl::Status WriteAll(absl::string_view data);

  const std::string& directory_;
  uint64_t size_ = 0;
  uint64_t begin_ = 0;
  // The offset of the first byte of text_, or of the file.
  uint64_t base_ = 0;
  // Bytes before this offset are neither in memory nor on disk.
  uint64_t released_ = 0;
  std::string text_;
  UniqueFd file_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_SPOOL_FILE_H_
