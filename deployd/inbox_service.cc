// SPDX-License-Identifier: Apache-2.0

#include "deployd/inbox_service.h"

#include "base/status.h"
#include "daemon/grpc_status.h"
#include "proto/file_opened.h"

namespace toolboxd::deployd {
namespace {

absl::Status NoInbox() {
  return MakeError(v1::ACCESS_DENIED, "there is no inbox: no customization has begun");
}

}  // namespace

grpc::Status InboxService::Stat(grpc::ServerContext*, const v1::StatRequest* request,
                                v1::FileInfo* reply) {
  const std::shared_ptr<Inbox> inbox = inbox_();
  absl::StatusOr<v1::FileInfo> info =
      inbox == nullptr ? absl::StatusOr<v1::FileInfo>(NoInbox()) : inbox->Stat(request->path());
  if (!info.ok()) return ToGrpc(info.status());
  *reply = *std::move(info);
  return grpc::Status::OK;
}

grpc::Status InboxService::Write(grpc::ServerContext* context,
                                 grpc::ServerReader<v1::WriteRequest>* reader,
                                 v1::WriteReply* reply) {
  return ToGrpc(Receive(context, reader, reply));
}

absl::Status InboxService::Receive(grpc::ServerContext* context,
                                   grpc::ServerReader<v1::WriteRequest>* reader,
                                   v1::WriteReply* reply) const {
  v1::WriteRequest request;
  if (!reader->Read(&request)) return absl::CancelledError("the caller closed the stream");
  if (!request.has_open()) {
    return MakeError(v1::INVALID_ARGUMENT, "the first request must be `open`");
  }
  const std::shared_ptr<Inbox> inbox = inbox_();
  if (inbox == nullptr) return NoInbox();
  const absl::StatusOr<std::unique_ptr<Inbox::Upload>> upload =
      inbox->OpenForWriting(request.open());
  if (!upload.ok()) return upload.status();
  context->AddInitialMetadata(kFileOpened, "1");
  reader->SendInitialMetadata();
  while (reader->Read(&request)) {
    absl::Status status;
    switch (request.part_case()) {
      case v1::WriteRequest::kChunk: {
        const v1::WriteChunk& chunk = request.chunk();
        status =
            (*upload)->Write(chunk.append() ? (*upload)->position() : chunk.offset(), chunk.data());
        break;
      }
      case v1::WriteRequest::kAttributes:
        status = (*upload)->SetAttributes(request.attributes());
        break;
      case v1::WriteRequest::kCommit:
        reply->set_size((*upload)->received());
        return (*upload)->Commit();
      default:
        status = MakeError(v1::INVALID_ARGUMENT, "a stream has one `open`, and it must be first");
    }
    if (!status.ok()) return status;
  }
  return absl::CancelledError("the request stream ended without `commit`");
}

}  // namespace toolboxd::deployd
