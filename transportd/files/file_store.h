// SPDX-License-Identifier: Apache-2.0

// FileStore: files as HGFS needs them, whichever service has them.

#ifndef TOOLBOXD_TRANSPORTD_FILES_FILE_STORE_H_
#define TOOLBOXD_TRANSPORTD_FILES_FILE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/file_handler.pb.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::files {

// The largest chunk that WriteStream::Write() gets: the payload of an HGFS packet.
inline constexpr size_t kMaxWriteBytes = 0xF800;

// Content from an offset to the end, in order. Destruction discards the rest. Not thread-safe.
class ReadStream {
 public:
  virtual ~ReadStream() = default;
  // The next bytes, about as many as the chunk size at most; empty at the end. Waits, but not
  // beyond the store's time limit (DEADLINE_EXCEEDED).
  virtual absl::StatusOr<std::string> Next() = 0;
  // The same without waiting. No value if Next() would wait, is at the end, or would return an
  // error.
  virtual std::optional<std::string> NextIfReady() = 0;
};

// Content on its way to a file. Destruction without Commit() leaves the target unchanged, except
// where content goes to its place at once: pipes, devices, standard input, files that are written
// in place. Not thread-safe.
class WriteStream {
 public:
  virtual ~WriteStream() = default;
  // Takes the chunk into a bounded buffer; an error of earlier chunks is returned here or by
  // Commit(). Waits for space, but not beyond the store's time limit.
  virtual absl::Status Write(v1::WriteChunk chunk) = 0;
  // Whether Write() would take a chunk of kMaxWriteBytes, or return an error, without waiting.
  // First sends what earlier calls took.
  virtual bool Writable() = 0;
  // OK once the file is complete and in its place. `last` is content that was not written before;
  // `attributes` are applied before the file takes its place. All of it has one time limit.
  virtual absl::Status Commit(std::optional<v1::WriteChunk> last,
                              const v1::FileAttributes& attributes) = 0;
};

// One user's files. Paths are absolute; failures carry a reason (base/status.h). Calls
// wait for a service, each with its time limit. Not thread-safe.
class FileStore {
 public:
  virtual ~FileStore() = default;

  // What opening for reading would find.
  virtual absl::StatusOr<v1::FileInfo> Stat(absl::string_view path) = 0;
  // Sets `opened`, unless null. At most `chunk_size` bytes at a time.
  virtual absl::StatusOr<std::unique_ptr<ReadStream>> OpenRead(absl::string_view path,
                                                               uint64_t offset, uint32_t chunk_size,
                                                               v1::FileInfo* opened) = 0;
  virtual absl::StatusOr<std::unique_ptr<WriteStream>> OpenWrite(
      const v1::OpenForWriting& open) = 0;

  // Management. NOT_SUPPORTED where the files are not on disk.
  virtual absl::Status SetAttributes(absl::string_view path,
                                     const v1::FileAttributes& attributes) = 0;
  virtual absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest& request) = 0;
  virtual absl::Status MakeDirectory(absl::string_view path, uint32_t permissions) = 0;
  virtual absl::Status DeleteFile(absl::string_view path) = 0;
  virtual absl::Status DeleteDirectory(absl::string_view path) = 0;
  virtual absl::Status Rename(absl::string_view from, absl::string_view to, bool overwrite) = 0;
  virtual absl::StatusOr<v1::Volume> GetVolume(absl::string_view path) = 0;
};

}  // namespace toolboxd::files

#endif  // TOOLBOXD_TRANSPORTD_FILES_FILE_STORE_H_
