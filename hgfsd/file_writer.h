// SPDX-License-Identifier: Apache-2.0

// FileWriter: content from the host, which replaces a file when it is complete.

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
#include "hgfsd/fs/cancellation.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/new_file.h"
#include "toolboxd/v1/file_handler.pb.h"

namespace toolboxd::hgfsd {

// Two ways to write:
//
// 1. Beside the target, if the target is new or its old content is to be replaced. The bytes go to
//    a file without a name in the target's directory (named ".toolboxd-upload-" and 16 hexadecimal
//    digits if the file system does not support files without a name), which takes the target's
//    name at Commit. Until then the target is unchanged, and nothing is left if the writer or the
//    process ends. The new file first gets the owner, permissions, ACL and extended attributes of
//    an existing target, and not an ACL that the directory gives new files.
//
// 2. In place, if the old content stays (OPEN_EXISTING, CREATE), or if replacing the target would
//    lose something: its attributes cannot be set, the directory cannot be written, or the target
//    is a device, a pipe or a mount point, or has other names. A target whose content is to be
//    replaced is emptied when it is opened. What was written stays if the transfer breaks.
//
// Where others may write the directory, a target with other names is replaced, and never written in
// place: the names may be of a file elsewhere (fs/trust.h). A symbolic link as the last component
// is not followed. After the first error Write and Commit return that error. Not thread-safe.
class FileWriter {
 public:
  struct Options {
    v1::OpenForWriting::Mode mode = v1::OpenForWriting::CREATE_OR_TRUNCATE;
    // The mode of a new file, reduced by the umask; 0 stands for 0600.
    mode_t permissions = 0;
    // Commit calls fdatasync before it gives the file its name. Without it a power failure within
    // seconds may lose what was written, as with any other program's files.
    bool sync = false;
  };

  // NOT_FOUND, ALREADY_EXISTS, IS_A_SYMLINK, NOT_A_FILE (directories, sockets), BUSY ...
  // ACCESS_DENIED also for a target that another user may have prepared (CheckTarget).
  static absl::StatusOr<std::unique_ptr<FileWriter>> Open(absl::string_view path,
                                                          const Options& options);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  // Writes all of `data` at an offset in bytes. Pipes and character devices take bytes in order
  // only. NO_SPACE, FILE_TOO_BIG. Asks `cancelled` while a pipe is full.
  absl::Status Write(uint64_t offset, absl::string_view data,
                     const CancelCheck& cancelled = nullptr);
  // Where the last write ended; before the first one, the end of the content that stays.
  uint64_t position() const { return position_; }

  // Attributes to apply at Commit. If an attribute is set twice, the last value counts.
  void SetAttributes(const v1::FileAttributes& attributes) { attributes_.MergeFrom(attributes); }

  // Applies the attributes, asks `cancelled`, then gives the file its name. Call it once.
  absl::Status Commit(const CancelCheck& cancelled = nullptr);

  // Bytes received.
  uint64_t size() const { return size_; }

 private:
  FileWriter() = default;

  absl::Status OpenTarget(const Options& options);
  absl::Status CheckExisting(v1::OpenForWriting::Mode mode);
  absl::Status OpenBeside(mode_t permissions);
  absl::Status OpenInPlace(const Options& options);
  absl::Status CopyAttributesOfTarget();
  absl::Status WaitUntilWritable(const CancelCheck& cancelled);

  // What content is written to.
  int fd() const { return beside_ != nullptr ? beside_->fd() : target_.get(); }

  absl::Status Error(int error) const { return FileError(error, entry_.path); }

  // The target, and its directory.
  Entry entry_;
  // The existing target, open for writing; none if there is no target, it is being executed, or
  // content goes beside it.
  UniqueFd target_;
  // What takes the target's name at Commit; none if content is written in place.
  std::unique_ptr<NewFile> beside_;

  bool seekable_ = true;
  // The target must not exist at Commit.
  bool must_be_new_ = false;
  bool sync_ = false;
  uint64_t position_ = 0;
  uint64_t size_ = 0;
  v1::FileAttributes attributes_;
  absl::Status error_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_WRITER_H_
