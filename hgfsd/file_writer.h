// SPDX-License-Identifier: Apache-2.0

// FileWriter: content from the host, which takes a file's place when it is complete.

#ifndef TOOLBOXD_HGFSD_FILE_WRITER_H_
#define TOOLBOXD_HGFSD_FILE_WRITER_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "hgfsd/cancellation.h"
#include "toolboxd/v1/file_handler.pb.h"

namespace toolboxd::hgfsd {

// Two ways to write:
//
// Beside the target, where content is new or goes: the bytes go to a file without a name in
// the target's directory (or, where the file system has none, named ".toolboxd-upload-" and
// a number), which takes the target's name at Commit. Until then the target is as it was, and
// nothing is left if the writer or the process ends. An existing target's owner, permissions,
// ACL and extended attributes are given to the new file first; an ACL that the directory gives
// new files is not.
//
// In place, where content stays (OPEN_EXISTING, CREATE), and where replacing would lose
// something: the attributes cannot be given, the directory cannot be written, the target is
// a device or a pipe, a mount point, or has other names. The target is emptied when it is
// opened, and what was written stays if the transfer breaks.
//
// A symbolic link as the last component is followed first. The first error is kept: Write and
// Commit return it from then on. Not thread-safe.
class FileWriter {
 public:
  struct Options {
    v1::OpenForWriting::Mode mode = v1::OpenForWriting::CREATE_OR_TRUNCATE;
    // Of a new file, reduced by the umask; 0 for 0600.
    mode_t permissions = 0;
    // fdatasync before Commit returns. Without it a power failure soon after may lose what
    // was written, as with any other program's files.
    bool sync = false;
  };

  // NOT_FOUND, ALREADY_EXISTS, NOT_A_FILE (directories, sockets), ACCESS_DENIED, BUSY ...
  static absl::StatusOr<std::unique_ptr<FileWriter>> Open(absl::string_view path,
                                                          const Options& options);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  // Writes all of data at an offset; pipes and character devices take bytes in order only.
  // NO_SPACE, FILE_TOO_BIG. Asks `cancelled` while a pipe is full.
  absl::Status Write(uint64_t offset, absl::string_view data,
                     const CancelCheck& cancelled = nullptr);
  // Where the last write ended; at first the end of the content that stays.
  uint64_t position() const { return position_; }

  // Kept, and applied at Commit. What is given twice: the last.
  void SetAttributes(const v1::FileAttributes& attributes) { attributes_.MergeFrom(attributes); }

  // Applies the attributes, then gives the file its name, unless cancelled. Once.
  absl::Status Commit(const CancelCheck& cancelled = nullptr);

  // Bytes received.
  uint64_t size() const { return size_; }
  bool in_place() const { return in_place_; }

 private:
  FileWriter() = default;

  absl::Status OpenTarget(const Options& options);
  absl::Status OpenBeside(mode_t permissions);
  absl::Status OpenInPlace(const Options& options);
  absl::Status CopyAttributesOfTarget(const struct stat& target);
  absl::Status Link();
  absl::Status WaitUntilWritable(const CancelCheck& cancelled);

  // The directory that holds the target, O_PATH, and the target's name in it.
  UniqueFd directory_;
  std::string name_;
  // The existing target, open for writing; none if it does not exist or is being executed.
  UniqueFd target_;
  // Where content goes.
  UniqueFd file_;
  // The name of `file_` while it has one that must not stay.
  std::string temporary_;

  bool in_place_ = false;
  bool seekable_ = true;
  // The name may not exist at Commit.
  bool must_be_new_ = false;
  bool sync_ = false;
  uint64_t position_ = 0;
  uint64_t size_ = 0;
  v1::FileAttributes attributes_;
  absl::Status error_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_WRITER_H_
