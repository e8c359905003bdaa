// SPDX-License-Identifier: Apache-2.0

// ArchiveReceiver: unpacks an archive that arrives in pieces, on a thread of its own.

#ifndef TOOLBOXD_HGFSD_ARCHIVE_RECEIVER_H_
#define TOOLBOXD_HGFSD_ARCHIVE_RECEIVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/unique_fd.h"
#include "hgfsd/content_path.h"
#include "hgfsd/fs/cancellation.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// The same calls as FileWriter, for the directory that an archive's path names. Members appear as
// they arrive; what was unpacked stays if the transfer breaks. One caller at a time.
class ArchiveReceiver {
 public:
  // Makes the directory and its parents (0750) if they are missing. NOT_A_DIRECTORY,
  // ACCESS_DENIED, BUSY (no thread is available).
  static absl::StatusOr<std::unique_ptr<ArchiveReceiver>> Open(const ContentPath& content);
  // Stops unpacking if nothing has been committed.
  ~ArchiveReceiver();

  // Waits while 256 KiB or more are not unpacked yet, and after the first piece until that one is
  // unpacked: data that is not an archive is INVALID_ARGUMENT at once, or later if the piece has
  // less than 512 bytes. INVALID_ARGUMENT for an offset that is not where the last piece ended.
  // After UnpackArchive has ended, returns its result; what follows the archive's end is discarded.
  absl::Status Write(uint64_t offset, absl::string_view data,
                     const CancelCheck& cancelled = nullptr);
  uint64_t position() const { return position_; }
  uint64_t size() const { return position_; }

  // Ignored: an archive has the attributes of its members.
  void SetAttributes(const v1::FileAttributes&) {}

  // The archive is complete: waits until it is unpacked and returns the result.
  absl::Status Commit(const CancelCheck& cancelled = nullptr);

 private:
  ArchiveReceiver() = default;

  void Unpack();
  // The source of UnpackArchive, on its thread.
  absl::StatusOr<absl::string_view> Next();

  std::thread thread_;
  uint64_t position_ = 0;
  // The bytes that the thread unpacks; used by that thread only.
  std::string current_;

  // The caller and the unpacking thread contend for it.
  absl::Mutex mutex_;
  // The directory, until the thread takes it.
  UniqueFd target_ ABSL_GUARDED_BY(mutex_);
  std::string waiting_ ABSL_GUARDED_BY(mutex_);
  // How often the thread has asked for a piece.
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;
  bool given_up_ ABSL_GUARDED_BY(mutex_) = false;
  // The thread has ended; `result_` is final.
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_RECEIVER_H_
