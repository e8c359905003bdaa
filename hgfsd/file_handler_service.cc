// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_handler_service.h"

#include <errno.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "daemon/grpc_status.h"
#include "hgfsd/archive_receiver.h"
#include "hgfsd/content_path.h"
#include "hgfsd/content_size.h"
#include "hgfsd/file_reader.h"
#include "hgfsd/file_writer.h"
#include "hgfsd/fs/cancellation.h"
#include "hgfsd/fs/file_error.h"
#include "proto/file_opened.h"

namespace toolboxd::hgfsd {
namespace {

constexpr uint32_t kDefaultChunk = 64 * 1024;
constexpr uint32_t kMaxChunk = 1024 * 1024;

using ReplyWriter = grpc::ServerWriter<v1::ReadReply>;
using RequestReader = grpc::ServerReader<v1::WriteRequest>;

absl::Status Gone() { return absl::CancelledError("the caller closed the stream"); }

absl::Status SendOpened(const v1::FileInfo& info, ReplyWriter* writer) {
  v1::ReadReply reply;
  *reply.mutable_opened() = info;
  return writer->Write(reply) ? absl::OkStatus() : Gone();
}

absl::Status SendFile(const std::string& path, uint64_t offset, uint32_t chunk,
                      ReplyWriter* writer) {
  absl::StatusOr<FileReader> reader = FileReader::Open(path, offset);
  if (!reader.ok()) return reader.status();
  if (absl::Status status = SendOpened(reader->info(), writer); !status.ok()) return status;
  v1::ReadReply reply;
  while (true) {
    if (absl::Status status = reader->Read(chunk, *reply.mutable_data()); !status.ok()) {
      return status;
    }
    if (reply.data().empty()) return absl::OkStatus();
    // Blocks while the caller's window is full, which limits the read-ahead.
    if (!writer->Write(reply)) return Gone();
  }
}

absl::Status SendArchive(const ContentPath& content, uint32_t chunk, const OwnerDatabases& owners,
                         const CancelCheck& cancelled, ReplyWriter* writer) {
  absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(content);
  if (!packer.ok()) return packer.status();
  if (absl::Status status = SendOpened(packer->info(), writer); !status.ok()) return status;
  v1::ReadReply reply;
  return packer->Pack(
      chunk,
      [&](absl::string_view data) {
        reply.set_data(data.data(), data.size());
        return writer->Write(reply) ? absl::OkStatus() : Gone();
      },
      owners, cancelled);
}

// Receives everything after `open`. `Target` is FileWriter or ArchiveReceiver.
template <typename Target>
absl::Status Receive(Target& target, grpc::ServerContext* context, RequestReader* reader,
                     v1::WriteRequest* request, v1::WriteReply* reply) {
  const CancelCheck cancelled = [context] { return context->IsCancelled(); };
  context->AddInitialMetadata(kFileOpened, "1");
  reader->SendInitialMetadata();
  while (reader->Read(request)) {
    absl::Status status;
    switch (request->part_case()) {
      case v1::WriteRequest::kChunk: {
        const v1::WriteChunk& chunk = request->chunk();
        const uint64_t offset = chunk.append() ? target.position() : chunk.offset();
        status = target.Write(offset, chunk.data(), cancelled);
        break;
      }
      case v1::WriteRequest::kAttributes:
        target.SetAttributes(request->attributes());
        break;
      case v1::WriteRequest::kCommit:
        reply->set_size(target.size());
        return target.Commit(cancelled);
      default:
        status = MakeError(v1::INVALID_ARGUMENT, "a stream has one `open`, and it must be first");
    }
    if (!status.ok()) return status;
  }
  return absl::CancelledError("the request stream ended without `commit`");
}

absl::Status ReceiveArchive(const ContentPath& content, grpc::ServerContext* context,
                            RequestReader* reader, v1::WriteRequest* request,
                            v1::WriteReply* reply) {
  absl::StatusOr<std::unique_ptr<ArchiveReceiver>> target = ArchiveReceiver::Open(content);
  if (!target.ok()) return target.status();
  absl::Status status = Receive(**target, context, reader, request, reply);
  // A file that was sent to a directory by mistake: the host sees a number only.
  if (ReasonOf(status) == v1::INVALID_ARGUMENT) {
    LogLimited("upload", "the upload to the directory ", content.path, ", where archives are ",
               "unpacked, was refused: ", status.message());
  }
  return status;
}

absl::Status ReceiveAny(bool sync, grpc::ServerContext* context, RequestReader* reader,
                        v1::WriteReply* reply) {
  v1::WriteRequest request;
  if (!reader->Read(&request)) return Gone();
  if (!request.has_open()) {
    return MakeError(v1::INVALID_ARGUMENT, "the first request must be `open`");
  }
  const v1::OpenForWriting open = request.open();
  absl::StatusOr<ContentPath> content = ParseContentPath(open.path());
  if (!content.ok()) return content.status();
  if (content->is_archive && open.files_only()) return FileError(EISDIR, content->path);
  if (content->is_archive) return ReceiveArchive(*content, context, reader, &request, reply);
  absl::StatusOr<std::unique_ptr<FileWriter>> target =
      FileWriter::Open(content->path, {open.mode(), open.permissions(), sync});
  if (!target.ok()) return target.status();
  return Receive(**target, context, reader, &request, reply);
}

}  // namespace

grpc::Status FileHandlerService::Stat(grpc::ServerContext*, const v1::StatRequest* request,
                                      v1::FileInfo* reply) {
  absl::StatusOr<ContentPath> content = ParseContentPath(request->path());
  if (!content.ok()) return ToGrpc(content.status());
  if (content->is_archive) {
    absl::StatusOr<ArchivePacker> packer = ArchivePacker::Open(*content);
    if (!packer.ok()) return ToGrpc(packer.status());
    *reply = packer->info();
  } else {
    absl::StatusOr<v1::FileInfo> info = DescribeContent(content->path);
    if (!info.ok()) return ToGrpc(info.status());
    *reply = *std::move(info);
  }
  // The path as requested, including its query.
  reply->set_name(request->path());
  return grpc::Status::OK;
}

grpc::Status FileHandlerService::Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                                      ReplyWriter* writer) {
  const uint32_t chunk =
      request->chunk_size() == 0 ? kDefaultChunk : std::min(request->chunk_size(), kMaxChunk);
  absl::StatusOr<ContentPath> content = ParseContentPath(request->path());
  if (!content.ok()) return ToGrpc(content.status());
  if (!content->is_archive) {
    return ToGrpc(SendFile(content->path, request->offset(), chunk, writer));
  }
  if (request->offset() != 0) {
    return ToGrpc(MakeError(v1::NOT_SUPPORTED, "an archive can be read from its start only"));
  }
  return ToGrpc(SendArchive(
      *content, chunk, owners_, [context] { return context->IsCancelled(); }, writer));
}

grpc::Status FileHandlerService::Write(grpc::ServerContext* context, RequestReader* reader,
                                       v1::WriteReply* reply) {
  return ToGrpc(ReceiveAny(options_.sync_uploads, context, reader, reply));
}

}  // namespace toolboxd::hgfsd
