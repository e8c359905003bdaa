// SPDX-License-Identifier: Apache-2.0

#include "transportd/files/grpc_file_store.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/shared_deadline.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "proto/file_opened.h"
#include "transportd/files/connection_failure.h"
#include "transportd/files/grpc_stream.h"
#include "transportd/files/message_allowance.h"

namespace toolboxd::files {
namespace {

// How long an upload waits for a refusal if the service does not report that the file is open.
constexpr absl::Duration kRefusalTime = absl::Milliseconds(50);

absl::Status NoAnswer() {
  return absl::DeadlineExceededError("the service did not answer within the time limit");
}

// Calls `on_broken`, if there is one, for a failure of the connection. Returns the status.
absl::Status Report(absl::Status status, const OnBroken& on_broken) {
  if (on_broken && IsConnectionFailure(status)) on_broken(status);
  return status;
}

// What a service sends that no honest one would: its connection is not used again.
absl::Status Misbehaves(absl::string_view how) {
  return absl::UnavailableError(absl::StrCat("the service ", how));
}

class GrpcReadStream final : public ReadStream {
 public:
  GrpcReadStream(absl::Duration timeout, size_t chunk_size, OnBroken on_broken)
      : timeout_(timeout), chunk_size_(chunk_size), on_broken_(std::move(on_broken)) {}
  ~GrpcReadStream() override { driver_.Stop(); }

  // Begins the stream and waits for `opened`.
  absl::Status Open(v1::FileHandler::Stub& stub, const v1::ReadRequest& request,
                    v1::FileInfo* opened) {
    const absl::Time deadline = SharedDeadline::For(timeout_);
    reader_ =
        stub.AsyncRead(&driver_.context(), request, driver_.queue(), driver_.Begin(Step::kStart));
    bool ok = false;
    if (!driver_.Wait(Step::kStart, deadline, ok)) return Report(NoAnswer(), on_broken_);
    if (!ok) return Finish(deadline);
    Fetch();
    absl::StatusOr<bool> more = Receive(deadline);
    if (!more.ok()) return more.status();
    if (!*more || !reply_.has_opened()) {
      return Report(Misbehaves("did not begin the download with the file's attributes"),
                    on_broken_);
    }
    if (opened != nullptr) opened->Swap(reply_.mutable_opened());
    Fetch();
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Next() override {
    const absl::Time deadline = SharedDeadline::For(timeout_);
    for (;;) {
      absl::StatusOr<bool> more = Receive(deadline);
      if (!more.ok()) return more.status();
      if (!*more) return std::string();
      absl::StatusOr<std::string> data = TakeContent();
      // An empty chunk is not the end.
      if (!data.ok() || !data->empty()) return data;
    }
  }

  std::optional<std::string> NextIfReady() override {
    if (ended_) return std::nullopt;
    driver_.Poll(Step::kRead);
    if (!driver_.IsGood(Step::kRead) || reply_.data().empty()) return std::nullopt;
    absl::StatusOr<std::string> data = TakeContent();
    if (data.ok()) return *std::move(data);
    // For the next call of Next().
    failure_ = data.status();
    return std::nullopt;
  }

 private:
  // Asks for the next reply, before it is needed.
  void Fetch() { reader_->Read(&reply_, driver_.Begin(Step::kRead)); }

  // Waits for it; false at the end of the stream.
  absl::StatusOr<bool> Receive(absl::Time deadline) {
    if (!failure_.ok()) return failure_;
    if (ended_) return false;
    bool ok = false;
    if (!driver_.Wait(Step::kRead, deadline, ok)) {
      ended_ = true;
      return Report(NoAnswer(), on_broken_);
    }
    if (ok) return true;
    ended_ = true;
    const absl::Status status = Finish(deadline);
    if (!status.ok()) return status;
    return false;
  }

  // The content of the reply that has come. Asks for the next one.
  absl::StatusOr<std::string> TakeContent() {
    if (absl::Status status = CheckContent(); !status.ok()) {
      ended_ = true;
      driver_.context().TryCancel();
      return Report(std::move(status), on_broken_);
    }
    std::string data = std::move(*reply_.mutable_data());
    Fetch();
    return data;
  }

  absl::Status CheckContent() {
    if (reply_.has_opened()) return Misbehaves("sends a file's attributes amid its content");
    const size_t size = reply_.data().size();
    if (size > chunk_size_) {
      return Misbehaves(
          absl::StrCat("sends ", size, " bytes at a time; ", chunk_size_, " were asked for"));
    }
    return allowance_.Take(size);
  }

  absl::Status Finish(absl::Time deadline) {
    reader_->Finish(&status_, driver_.Begin(Step::kFinish));
    bool ok = false;
    if (!driver_.Wait(Step::kFinish, deadline, ok)) return Report(NoAnswer(), on_broken_);
    return Report(FromGrpc(status_), on_broken_);
  }

  const absl::Duration timeout_;
  const size_t chunk_size_;
  const OnBroken on_broken_;
  MessageAllowance allowance_;
  v1::ReadReply reply_;
  grpc::Status status_;
  bool ended_ = false;
  // Found when no caller waited.
  absl::Status failure_;
  StreamDriver driver_;
  std::unique_ptr<grpc::ClientAsyncReader<v1::ReadReply>> reader_;
};

class GrpcWriteStream final : public WriteStream {
 public:
  GrpcWriteStream(absl::Duration timeout, absl::Duration commit_timeout, OnBroken on_broken)
      : timeout_(timeout), commit_timeout_(commit_timeout), on_broken_(std::move(on_broken)) {}
  ~GrpcWriteStream() override { driver_.Stop(); }

  // Begins the stream and waits until the server has opened the file.
  absl::Status Open(v1::FileHandler::Stub& stub, const v1::OpenForWriting& open) {
    writer_ =
        stub.AsyncWrite(&driver_.context(), &reply_, driver_.queue(), driver_.Begin(Step::kStart));
    bool ok = false;
    const absl::Time deadline = SharedDeadline::For(timeout_);
    if (!driver_.Wait(Step::kStart, deadline, ok)) return Report(NoAnswer(), on_broken_);
    if (ok) {
      *request_.mutable_open() = open;
      writer_->Write(request_, driver_.Begin(Step::kWrite));
    }
    writer_->ReadInitialMetadata(driver_.Begin(Step::kMetadata));
    if (!driver_.Wait(Step::kMetadata, deadline, ok)) return Report(NoAnswer(), on_broken_);
    // From here on the server may end the call at any time.
    writer_->Finish(&status_, driver_.Begin(Step::kFinish));
    // A refusal has metadata too. Its status follows them, after no more than a switch to another
    // thread of gRPC.
    const bool opened = driver_.context().GetServerInitialMetadata().count(kFileOpened) != 0;
    driver_.Poll(Step::kFinish, opened ? absl::InfinitePast() : SteadyNow() + kRefusalTime);
    if (driver_.IsDone(Step::kFinish)) return Outcome();
    return absl::OkStatus();
  }

  absl::Status Write(v1::WriteChunk chunk) override {
    absl::Status status = Ready(SharedDeadline::For(timeout_));
    if (!status.ok()) return status;
    *request_.mutable_chunk() = std::move(chunk);
    Send();
    return absl::OkStatus();
  }

  bool Writable() override {
    driver_.Poll();
    // After a write that failed, only the end of the call says why.
    return driver_.IsGood(Step::kWrite) || driver_.IsDone(Step::kFinish);
  }

  absl::Status Commit(std::optional<v1::WriteChunk> last,
                      const v1::FileAttributes& attributes) override {
    const absl::Time deadline = SharedDeadline::For(commit_timeout_);
    if (last.has_value()) {
      if (absl::Status status = Ready(deadline); !status.ok()) return status;
      *request_.mutable_chunk() = *std::move(last);
      Send();
    }
    if (attributes.ByteSizeLong() != 0) {
      if (absl::Status status = Ready(deadline); !status.ok()) return status;
      *request_.mutable_attributes() = attributes;
      Send();
    }
    // An end of the call before the commit is an error.
    driver_.Poll();
    if (absl::Status status = Ready(deadline); !status.ok()) return status;
    request_.mutable_commit();
    writer_->WriteLast(request_, grpc::WriteOptions(), driver_.Begin(Step::kWrite));
    bool ok = false;
    if (!driver_.Wait(Step::kFinish, deadline, ok)) return Report(NoAnswer(), on_broken_);
    if (!status_.ok()) return Outcome();
    return absl::OkStatus();
  }

 private:
  // Waits until the last message is on its way: besides it and the stream's window no content is
  // buffered here.
  absl::Status Ready(absl::Time deadline) {
    bool ok = false;
    if (!driver_.Wait(Step::kWrite, deadline, ok)) return Report(NoAnswer(), on_broken_);
    if (ok && !driver_.IsDone(Step::kFinish)) return absl::OkStatus();
    if (!driver_.Wait(Step::kFinish, deadline, ok)) return Report(NoAnswer(), on_broken_);
    return Outcome();
  }

  void Send() { writer_->Write(request_, driver_.Begin(Step::kWrite)); }

  // How the server ended the call. Success before Commit() is an error too.
  absl::Status Outcome() {
    if (!status_.ok()) return Report(FromGrpc(status_), on_broken_);
    return absl::InternalError("the service ended the upload before it was complete");
  }

  const absl::Duration timeout_;
  const absl::Duration commit_timeout_;
  const OnBroken on_broken_;
  v1::WriteRequest request_;
  v1::WriteReply reply_;
  grpc::Status status_;
  StreamDriver driver_;
  std::unique_ptr<grpc::ClientAsyncWriter<v1::WriteRequest>> writer_;
};

}  // namespace

GrpcFileStore::GrpcFileStore(std::shared_ptr<grpc::Channel> channel, GrpcFileStoreOptions options)
    : options_(std::move(options)),
      files_(options_.content_only ? nullptr : v1::Files::NewStub(channel)),
      handler_(v1::FileHandler::NewStub(channel)) {}

absl::Status GrpcFileStore::ReportIfBroken(const grpc::Status& status) const {
  return Report(FromGrpc(status), options_.on_broken);
}

absl::Status GrpcFileStore::NotServed() {
  return MakeError(v1::NOT_SUPPORTED, "only content can be read and written here");
}

void GrpcFileStore::Limit(grpc::ClientContext& context, absl::Duration timeout) {
  SetTimeout(timeout, &context);
}

absl::StatusOr<v1::FileInfo> GrpcFileStore::CheckRead(absl::string_view path) {
  v1::CheckReadRequest request;
  request.set_path(path.data(), path.size());
  v1::FileInfo reply;
  const absl::Status status = Call(&v1::Files::Stub::CheckRead, request, reply, options_.timeout);
  if (!status.ok()) return status;
  return reply;
}

absl::Status GrpcFileStore::CheckWrite(absl::string_view path, bool overwrite) {
  v1::CheckWriteRequest request;
  request.set_path(path.data(), path.size());
  request.set_overwrite(overwrite);
  v1::CheckWriteReply reply;
  return Call(&v1::Files::Stub::CheckWrite, request, reply, options_.timeout);
}

absl::StatusOr<v1::FileInfo> GrpcFileStore::Stat(absl::string_view path) {
  v1::StatRequest request;
  request.set_path(path.data(), path.size());
  request.set_user(options_.user);
  v1::FileInfo reply;
  grpc::ClientContext context;
  SetTimeout(options_.timeout, &context);
  const absl::Status status = ReportIfBroken(handler_->Stat(&context, request, &reply));
  if (!status.ok()) return status;
  return reply;
}

absl::StatusOr<std::unique_ptr<ReadStream>> GrpcFileStore::OpenRead(absl::string_view path,
                                                                    uint64_t offset,
                                                                    uint32_t chunk_size,
                                                                    v1::FileInfo* opened) {
  v1::ReadRequest request;
  request.set_path(path.data(), path.size());
  request.set_offset(offset);
  request.set_chunk_size(chunk_size);
  request.set_user(options_.user);
  if (chunk_size == 0) return MakeError(v1::INVALID_ARGUMENT, "the size of a chunk is missing");
  auto stream = std::make_unique<GrpcReadStream>(options_.timeout, chunk_size, options_.on_broken);
  const absl::Status status = stream->Open(*handler_, request, opened);
  if (!status.ok()) return status;
  return stream;
}

absl::StatusOr<std::unique_ptr<WriteStream>> GrpcFileStore::OpenWrite(
    const v1::OpenForWriting& open) {
  auto stream = std::make_unique<GrpcWriteStream>(options_.timeout, options_.long_timeout,
                                                  options_.on_broken);
  v1::OpenForWriting request = open;
  request.set_user(options_.user);
  const absl::Status status = stream->Open(*handler_, request);
  if (!status.ok()) return status;
  return stream;
}

absl::Status GrpcFileStore::SetAttributes(absl::string_view path,
                                          const v1::FileAttributes& attributes) {
  v1::SetAttributesRequest request;
  request.set_path(path.data(), path.size());
  *request.mutable_attributes() = attributes;
  v1::SetAttributesReply reply;
  return Call(&v1::Files::Stub::SetAttributes, request, reply, options_.timeout);
}

absl::StatusOr<v1::ListFilesReply> GrpcFileStore::List(const v1::ListFilesRequest& request) {
  v1::ListFilesReply reply;
  const absl::Status status = Call(&v1::Files::Stub::List, request, reply, options_.timeout);
  if (!status.ok()) return status;
  if (static_cast<uint32_t>(reply.entries_size()) > request.limit()) {
    return Report(Misbehaves(absl::StrCat("lists ", reply.entries_size(), " entries; ",
                                          request.limit(), " were asked for")),
                  options_.on_broken);
  }
  return reply;
}

absl::Status GrpcFileStore::MakeDirectory(absl::string_view path, uint32_t permissions) {
  v1::MakeDirectoryRequest request;
  request.set_path(path.data(), path.size());
  request.set_mode(permissions);
  v1::MakeDirectoryReply reply;
  return Call(&v1::Files::Stub::MakeDirectory, request, reply, options_.timeout);
}

absl::Status GrpcFileStore::DeleteFile(absl::string_view path) {
  v1::DeleteFileRequest request;
  request.set_path(path.data(), path.size());
  v1::DeleteFileReply reply;
  return Call(&v1::Files::Stub::DeleteFile, request, reply, options_.timeout);
}

absl::Status GrpcFileStore::DeleteDirectory(absl::string_view path) {
  v1::DeleteDirectoryRequest request;
  request.set_path(path.data(), path.size());
  v1::DeleteDirectoryReply reply;
  return Call(&v1::Files::Stub::DeleteDirectory, request, reply, options_.timeout);
}

absl::Status GrpcFileStore::Rename(absl::string_view from, absl::string_view to, bool overwrite) {
  v1::GetFileInfoRequest which;
  which.set_path(from.data(), from.size());
  v1::FileInfo file;
  absl::Status status = Call(&v1::Files::Stub::GetInfo, which, file, options_.timeout);
  if (!status.ok()) return status;
  v1::MoveRequest request;
  request.set_from(from.data(), from.size());
  request.set_to(to.data(), to.size());
  request.set_overwrite(overwrite);
  return Move(
      file.type() == v1::DIRECTORY ? &v1::Files::Stub::MoveDirectory : &v1::Files::Stub::MoveFile,
      request);
}

absl::Status GrpcFileStore::Move(Method<v1::MoveRequest, v1::MoveReply> method,
                                 const v1::MoveRequest& request) {
  if (files_ == nullptr) return NotServed();
  grpc::ClientContext context;
  Limit(context, options_.move_timeout);
  v1::MoveReply reply;
  const grpc::Status status = ((*files_).*method)(&context, request, &reply);
  // The server may notice the deadline first.
  const bool late = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
                    status.error_code() == grpc::StatusCode::CANCELLED;
  if (!late) return ReportIfBroken(status);
  LogWarning("the move of ", request.from(), " to ", request.to(),
             " is undone: it has not ended in ", absl::FormatDuration(options_.move_timeout),
             "; between file systems, move smaller parts or copy by a program");
  return absl::DeadlineExceededError("the move has not ended in time and is undone");
}

absl::StatusOr<v1::Volume> GrpcFileStore::GetVolume(absl::string_view path) {
  v1::GetVolumeRequest request;
  request.set_path(path.data(), path.size());
  v1::Volume reply;
  const absl::Status status = Call(&v1::Files::Stub::GetVolume, request, reply, options_.timeout);
  if (!status.ok()) return status;
  return reply;
}

}  // namespace toolboxd::files
