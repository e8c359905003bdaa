// SPDX-License-Identifier: Apache-2.0

// Inbox: a folder into which the host writes a package (docs/protocol/customization.md 9.1).

#ifndef TOOLBOXD_DEPLOYD_INBOX_H_
#define TOOLBOXD_DEPLOYD_INBOX_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/unique_fd.h"
#include "toolboxd/v1/file_handler.pb.h"

namespace toolboxd::deployd {

// A random name, so that no two inboxes of a boot are the same.
absl::StatusOr<std::string> RandomName();

// Thread-safe.
class Inbox : public std::enable_shared_from_this<Inbox> {
 public:
  // The limits for uploads at a time, and for complete files.
  static constexpr size_t kMaxUploads = 4;
  static constexpr size_t kMaxInboxFiles = 4;

  // A file that is being written. Not thread-safe; may outlive the inbox's end, after which Commit
  // fails.
  class Upload {
   public:
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    // FILE_TOO_BIG if the files of the inbox would have more than kMaxPackageBytes together.
    absl::Status Write(uint64_t offset, absl::string_view data);
    // Where the last write ended; before the first, the end of the content that is kept.
    uint64_t position() const { return position_; }
    // The number of bytes received so far.
    uint64_t received() const { return received_; }
    // Only the size is used: the file's owner and mode are deployd's, whatever the host asks for.
    absl::Status SetAttributes(const v1::FileAttributes& attributes);
    // Gives the file its name, in place of an older one.
    absl::Status Commit();

   private:
    friend class Inbox;
    Upload(std::shared_ptr<Inbox> inbox, std::string name, std::string temporary, UniqueFd file)
        : inbox_(std::move(inbox)),
          name_(std::move(name)),
          temporary_(std::move(temporary)),
          file_(std::move(file)) {}

    const std::shared_ptr<Inbox> inbox_;
    const std::string name_;
    const std::string temporary_;
    const UniqueFd file_;
    uint64_t size_ = 0;
    uint64_t position_ = 0;
    uint64_t received_ = 0;
  };

  // Makes a new folder, 0700, below `parent`, a folder of our own.
  static absl::StatusOr<std::shared_ptr<Inbox>> Create(const std::string& parent);
  // Removes the folder with what is in it.
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // The absolute path, with a slash at its end.
  const std::string& directory() const { return directory_; }

  // The one name that follows the directory in `path`. ACCESS_DENIED for every other path: another
  // folder, "..", a name that begins with a dot.
  absl::StatusOr<std::string> NameOf(absl::string_view path) const;

  // Takes the modes of HGFS. BUSY if there are too many uploads or files, or the inbox has ended.
  absl::StatusOr<std::unique_ptr<Upload>> OpenForWriting(const v1::OpenForWriting& open);
  absl::StatusOr<v1::FileInfo> Stat(absl::string_view path) const;
  // Opens a complete file for reading.
  absl::StatusOr<UniqueFd> OpenForReading(const std::string& name) const;

  // From now on nothing is written, and the folder is removed. Files that are open stay readable.
  void End();

 private:
  Inbox(std::string directory, UniqueFd folder)
      : directory_(std::move(directory)), folder_(std::move(folder)) {}

  // Checks that `size` bytes fit beside the other files, without the one that the upload replaces,
  // and records them for the upload.
  absl::Status Reserve(const Upload& upload, uint64_t size);
  absl::Status Publish(const Upload& upload);
  void Forget(const Upload& upload);
  absl::Status KeepContent(Upload& upload);

  const std::string directory_;
  const UniqueFd folder_;
  mutable absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int last_upload_ ABSL_GUARDED_BY(mutex_) = 0;
  // Sizes by name; uploads are under their temporary names.
  std::map<std::string, uint64_t> files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> uploads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_INBOX_H_
