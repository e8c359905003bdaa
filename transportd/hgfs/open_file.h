// SPDX-License-Identifier: Apache-2.0

// OpenFile: what an HGFS handle stands for.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_OPEN_FILE_H_
#define TOOLBOXD_TRANSPORTD_HGFS_OPEN_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transportd/files/file_store.h"

namespace toolboxd::hgfs {

// What a service sends at a time: two of the packets that hosts ask for. Each chunk wakes the
// service once or twice, which costs it more than the content.
constexpr uint32_t kReadChunkBytes = 2 * 0xF000;

// A file that is read, at any offset. Offsets in sequence come from one stream; another
// offset starts a new one. Holds at most one chunk. If the service does not answer, that error is
// kept, and the session is held no longer: its process ends, whenever the host closes the file.
class ReadFile {
 public:
  // `store` is kept: it pins the user's session while the file is open and has not failed.
  static absl::StatusOr<std::unique_ptr<ReadFile>> Open(std::shared_ptr<files::FileStore> store,
                                                        std::string path);

  // Up to `size` bytes; fewer only at the end of the file.
  absl::StatusOr<std::string> Read(uint64_t offset, uint32_t size);

  // Takes in the next chunk if it has arrived; for a moment at which no caller waits.
  void ReadAhead();

 private:
  ReadFile(std::shared_ptr<files::FileStore> store, std::string path)
      : store_(std::move(store)), path_(std::move(path)) {}
  absl::Status Seek(uint64_t offset);
  // What comes next is unknown; another attempt starts a new stream.
  absl::Status Fail(absl::Status status);

  std::shared_ptr<files::FileStore> store_;
  const std::string path_;
  std::unique_ptr<files::ReadStream> stream_;
  // The offset of the first byte that was not returned yet.
  uint64_t position_ = 0;
  // Bytes of the last chunk that were not asked for yet.
  std::string rest_;
  bool ended_ = false;
  // Why the service is lost; the store is gone then.
  absl::Status lost_;
};

// A file that is written. The first error is kept and returned by everything that
// follows, Close() included; the stream ends with it, and the session is held no longer. Holds at
// most one chunk.
class WriteFile {
 public:
  static absl::StatusOr<std::unique_ptr<WriteFile>> Open(std::shared_ptr<files::FileStore> store,
                                                         const v1::OpenForWriting& open);

  // Takes the data, and returns an error of earlier data.
  absl::Status Write(uint64_t offset, bool append, absl::string_view data);
  // Sends what Write() has taken, if that needs no waiting; for a moment at which no caller waits.
  // What it does not send is sent by the next call of any other method.
  void FlushIfReady();
  // Some of the content was lost on its way: what follows fails, and the file does not get its
  // name.
  void Fail(absl::Status why) { KeepFirstError(std::move(why)).IgnoreError(); }
  // For Close(); later ones add to earlier ones.
  absl::Status SetAttributes(const v1::FileAttributes& attributes);
  absl::Status Close();

  // Where the content ends, as far as this handle knows.
  uint64_t size() const { return size_; }
  uint32_t permissions() const { return permissions_; }

 private:
  WriteFile(std::shared_ptr<files::FileStore> store, uint32_t permissions)
      : store_(std::move(store)), permissions_(permissions) {}
  absl::Status Flush();
  absl::Status KeepFirstError(absl::Status status);

  // Null after an error, both.
  std::shared_ptr<files::FileStore> store_;
  std::unique_ptr<files::WriteStream> stream_;
  uint32_t permissions_;
  // Content that is not sent yet.
  std::optional<v1::WriteChunk> chunk_;
  v1::FileAttributes attributes_;
  absl::Status error_;
  // Where the last chunk ended, and the furthest end of all.
  uint64_t position_ = 0;
  uint64_t size_ = 0;
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_OPEN_FILE_H_
