// SPDX-License-Identifier: Apache-2.0

// ArchiveReceiver: an archive that arrives in pieces, unpacked by a thread of its own.

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
#include "hgfsd/cancellation.h"
#include "hgfsd/content_path.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// The same calls as FileWriter, for the directory behind an archive's path. Members appear
// as they arrive; what was unpacked stays when the transfer breaks. One caller at a time.
class ArchiveReceiver {
 public:
  // Makes the directory and its parents (0750) where they are missing. NOT_A_DIRECTORY,
  // ACCESS_DENIED, BUSY where no thread is to be had.
  static absl::StatusOr<std::unique_ptr<ArchiveReceiver>> Open(const ContentPath& content);
  // Gives up what has not been committed.
  ~ArchiveReceiver();

  // Waits while more than 256 KiB are not unpacked yet. INVALID_ARGUMENT for an offset that
  // is not where the last piece ended; afterwards whatever UnpackArchive ended with. What
  // comes after the archive's end is dropped.
  absl::Status Write(uint64_t offset, absl::string_view data,
                     const CancelCheck& cancelled = nullptr);
  uint64_t position() const { return position_; }
  uint64_t size() const { return position_; }

  // An archive has attributes of its own: these say nothing about its members.
  void SetAttributes(const v1::FileAttributes&) {}

  // The archive is complete: waits until it is unpacked and returns how that ended.
  absl::Status Commit(const CancelCheck& cancelled = nullptr);

 private:
  ArchiveReceiver() = default;

  void Unpack();
  // For the unpacking thread.
  absl::StatusOr<absl::string_view> Next();

  std::thread thread_;
  uint64_t position_ = 0;
  // What the thread works on; only it touches this.
  std::string current_;

  absl::Mutex mutex_;
  // The directory, without links in it; empty until it is known.
  std::string target_ ABSL_GUARDED_BY(mutex_);
  std::string waiting_ ABSL_GUARDED_BY(mutex_);
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;
  bool given_up_ ABSL_GUARDED_BY(mutex_) = false;
  // The thread takes nothing any more; `result_` is final.
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_RECEIVER_H_
