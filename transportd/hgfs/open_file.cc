// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/open_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "transportd/files/connection_failure.h"

namespace toolboxd::hgfs {

absl::StatusOr<std::unique_ptr<ReadFile>> ReadFile::Open(std::shared_ptr<files::FileStore> store,
                                                         std::string path) {
  auto file = std::unique_ptr<ReadFile>(new ReadFile(std::move(store), std::move(path)));
  auto stream = file->store_->OpenRead(file->path_, 0, kReadChunkBytes, nullptr);
  if (!stream.ok()) return stream.status();
  file->stream_ = *std::move(stream);
  return file;
}

absl::Status ReadFile::Seek(uint64_t offset) {
  if (!lost_.ok()) return lost_;
  if (offset == position_ && stream_ != nullptr) return absl::OkStatus();
  stream_.reset();
  rest_.clear();
  ended_ = false;
  auto stream = store_->OpenRead(path_, offset, kReadChunkBytes, nullptr);
  if (!stream.ok()) return Fail(stream.status());
  stream_ = *std::move(stream);
  position_ = offset;
  return absl::OkStatus();
}

absl::Status ReadFile::Fail(absl::Status status) {
  stream_.reset();
  if (files::IsConnectionFailure(status)) {
    lost_ = status;
    store_.reset();
  }
  return status;
}

absl::StatusOr<std::string> ReadFile::Read(uint64_t offset, uint32_t size) {
  absl::Status status = Seek(offset);
  if (!status.ok()) return status;
  while (rest_.size() < size && !ended_) {
    absl::StatusOr<std::string> chunk = stream_->Next();
    if (!chunk.ok()) return Fail(chunk.status());
    ended_ = chunk->empty();
    if (rest_.empty()) {
      rest_ = *std::move(chunk);
    } else {
      rest_ += *chunk;
    }
  }
  std::string data;
  if (rest_.size() <= size) {
    data.swap(rest_);
  } else {
    std::string later = rest_.substr(size);
    rest_.resize(size);
    data.swap(rest_);
    rest_.swap(later);
  }
  position_ += data.size();
  return data;
}

void ReadFile::ReadAhead() {
  if (stream_ == nullptr || ended_ || !rest_.empty()) return;
  std::optional<std::string> chunk = stream_->NextIfReady();
  if (chunk.has_value()) rest_ = *std::move(chunk);
}

absl::StatusOr<std::unique_ptr<WriteFile>> WriteFile::Open(std::shared_ptr<files::FileStore> store,
                                                           const v1::OpenForWriting& open) {
  auto file = std::unique_ptr<WriteFile>(new WriteFile(std::move(store), open.permissions()));
  auto stream = file->store_->OpenWrite(open);
  if (!stream.ok()) return stream.status();
  file->stream_ = *std::move(stream);
  if (open.mode() == v1::OpenForWriting::OPEN_EXISTING ||
      open.mode() == v1::OpenForWriting::CREATE) {
    // Content stays, and appending continues at its end. Users who may not read it see size 0.
    const absl::StatusOr<v1::FileInfo> before = file->store_->Stat(open.path());
    if (before.ok()) file->position_ = file->size_ = before->size();
  }
  return file;
}

absl::Status WriteFile::KeepFirstError(absl::Status status) {
  if (!error_.ok() || status.ok()) return error_;
  error_ = std::move(status);
  stream_.reset();
  store_.reset();
  return error_;
}

absl::Status WriteFile::Write(uint64_t offset, bool append, absl::string_view data) {
  absl::Status status = Flush();
  if (!status.ok()) return status;
  chunk_.emplace();
  chunk_->set_offset(offset);
  chunk_->set_append(append);
  chunk_->set_data(data.data(), data.size());
  position_ = (append ? position_ : offset) + data.size();
  size_ = std::max(size_, position_);
  return absl::OkStatus();
}

void WriteFile::FlushIfReady() {
  // The next call reports the outcome.
  if (error_.ok() && stream_->Writable()) Flush().IgnoreError();
}

absl::Status WriteFile::Flush() {
  if (!error_.ok() || !chunk_.has_value()) return error_;
  return KeepFirstError(stream_->Write(*std::exchange(chunk_, std::nullopt)));
}

absl::Status WriteFile::SetAttributes(const v1::FileAttributes& attributes) {
  if (!error_.ok()) return error_;
  if (attributes.has_permissions()) permissions_ = attributes.permissions();
  attributes_.MergeFrom(attributes);
  return absl::OkStatus();
}

absl::Status WriteFile::Close() {
  if (!error_.ok()) return error_;
  return KeepFirstError(stream_->Commit(std::exchange(chunk_, std::nullopt), attributes_));
}

}  // namespace toolboxd::hgfs
