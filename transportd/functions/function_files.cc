// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_files.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

#include "base/shared_deadline.h"
#include "base/status.h"
#include "base/stream_path.h"
#include "transportd/files/file_store.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kWaitForEnd = absl::Milliseconds(400);

absl::Status NotOnDisk() {
  return MakeError(v1::NOT_SUPPORTED, "a function's stream is not a file on disk");
}

class OutputStream final : public files::ReadStream {
 public:
  OutputStream(std::shared_ptr<FunctionRun> run, StandardStream stream, uint64_t offset,
               size_t size)
      : run_(std::move(run)), stream_(stream), offset_(offset), size_(size) {}

  absl::StatusOr<std::string> Next() override {
    absl::StatusOr<std::string> data = run_->Output(stream_, offset_, size_);
    if (data.ok()) offset_ += data->size();
    return data;
  }
  // Next() reads a file: there is nothing to read ahead.
  std::optional<std::string> NextIfReady() override { return std::nullopt; }

 private:
  const std::shared_ptr<FunctionRun> run_;
  const StandardStream stream_;
  uint64_t offset_;
  const size_t size_;
};

class InputStream final : public files::WriteStream {
 public:
  InputStream(std::shared_ptr<FunctionRun> run, absl::Duration timeout)
      : run_(std::move(run)), timeout_(timeout) {}

  // Input has no offsets: chunks are taken in the order in which they come.
  absl::Status Write(v1::WriteChunk chunk) override {
    return run_->WriteStdin(chunk.data(), ToWallClock(SharedDeadline::For(timeout_)));
  }
  bool Writable() override { return run_->TakesInput(files::kMaxWriteBytes); }
  // Hosts set attributes after every upload; a stream has none.
  absl::Status Commit(std::optional<v1::WriteChunk> last, const v1::FileAttributes&) override {
    const absl::Status taken = last.has_value() ? Write(*std::move(last)) : absl::OkStatus();
    run_->CloseStdin();
    return taken;
  }

 private:
  const std::shared_ptr<FunctionRun> run_;
  const absl::Duration timeout_;
};

class FunctionFiles final : public files::FileStore {
 public:
  FunctionFiles(std::shared_ptr<FunctionRun> run, absl::Duration timeout)
      : run_(std::move(run)), timeout_(timeout) {}

  absl::StatusOr<v1::FileInfo> Stat(absl::string_view path) override {
    absl::StatusOr<StandardStream> stream = StreamOf(path);
    if (!stream.ok()) return stream.status();
    v1::FileInfo file;
    file.set_name(path.data(), path.size());
    file.set_type(v1::REGULAR);
    if (*stream == StandardStream::kStdin) {
      file.set_mode(S_IFREG | 0200);
      file.set_effective_permissions(2);
      return file;
    }
    if (!run_->WaitForEnd(absl::Now() + kWaitForEnd)) {
      return MakeError(v1::ACCESS_DENIED, "the function is still running");
    }
    const absl::StatusOr<uint64_t> size = run_->OutputSize(*stream);
    if (!size.ok()) return size.status();
    file.set_mode(S_IFREG | 0400);
    file.set_effective_permissions(4);
    file.set_size(*size);
    file.set_modification_time(absl::ToUnixNanos(run_->end_time()));
    return file;
  }

  absl::StatusOr<std::unique_ptr<files::ReadStream>> OpenRead(absl::string_view path,
                                                              uint64_t offset, uint32_t chunk_size,
                                                              v1::FileInfo* opened) override {
    absl::StatusOr<StandardStream> stream = StreamOf(path);
    if (!stream.ok()) return stream.status();
    if (*stream == StandardStream::kStdin) {
      return MakeError(v1::INVALID_ARGUMENT, "a function's standard input cannot be read");
    }
    absl::StatusOr<v1::FileInfo> file = Stat(path);
    if (!file.ok()) return file.status();
    if (opened != nullptr) *opened = *std::move(file);
    return std::make_unique<OutputStream>(run_, *stream, offset, chunk_size);
  }

  absl::StatusOr<std::unique_ptr<files::WriteStream>> OpenWrite(
      const v1::OpenForWriting& open) override {
    absl::StatusOr<StandardStream> stream = StreamOf(open.path());
    if (!stream.ok()) return stream.status();
    if (*stream != StandardStream::kStdin) {
      return MakeError(v1::INVALID_ARGUMENT,
                       "of a function's streams only standard input can be written");
    }
    // An error at once if the input is closed.
    const absl::Status taken = run_->WriteStdin("", ToWallClock(SharedDeadline::For(timeout_)));
    if (!taken.ok()) return taken;
    return std::make_unique<InputStream>(run_, timeout_);
  }

  absl::Status SetAttributes(absl::string_view, const v1::FileAttributes&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest&) override {
    return NotOnDisk();
  }
  absl::Status MakeDirectory(absl::string_view, uint32_t) override { return NotOnDisk(); }
  absl::Status DeleteFile(absl::string_view) override { return NotOnDisk(); }
  absl::Status DeleteDirectory(absl::string_view) override { return NotOnDisk(); }
  absl::Status Rename(absl::string_view, absl::string_view, bool) override { return NotOnDisk(); }
  absl::StatusOr<v1::Volume> GetVolume(absl::string_view) override { return NotOnDisk(); }

 private:
  static absl::StatusOr<StandardStream> StreamOf(absl::string_view path) {
    const std::optional<StreamPath> parsed = ParseStreamPath(path);
    if (!parsed.has_value())
      return MakeError(v1::NOT_FOUND, "the path does not name a standard stream");
    return parsed->stream;
  }

  const std::shared_ptr<FunctionRun> run_;
  const absl::Duration timeout_;
};

}  // namespace

std::shared_ptr<files::FileStore> MakeFunctionFiles(std::shared_ptr<FunctionRun> run,
                                                    absl::Duration timeout) {
  return std::make_shared<FunctionFiles>(std::move(run), timeout);
}

}  // namespace toolboxd
