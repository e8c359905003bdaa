// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/files_service.h"

#include <string>
#include <utility>

#include "daemon/grpc_status.h"
#include "hgfsd/attributes.h"
#include "hgfsd/create_delete.h"
#include "hgfsd/file_info.h"
#include "hgfsd/move.h"
#include "hgfsd/overwrite.h"
#include "hgfsd/transfer_checks.h"

namespace toolboxd::hgfsd {
namespace {

CancelCheck CancelledBy(grpc::ServerContext* context) {
  return [context] { return context->IsCancelled(); };
}

Overwrite ToOverwrite(bool overwrite) { return overwrite ? Overwrite::kYes : Overwrite::kNo; }

// Moves a result into the reply; the status of the call.
template <typename T>
grpc::Status Answer(absl::StatusOr<T> result, T* reply) {
  if (!result.ok()) return ToGrpc(result.status());
  *reply = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status FilesService::List(grpc::ServerContext* context, const v1::ListFilesRequest* request,
                                v1::ListFilesReply* reply) {
  return Answer(lister_.List(*request, CancelledBy(context)), reply);
}

grpc::Status FilesService::GetInfo(grpc::ServerContext*, const v1::GetFileInfoRequest* request,
                                   v1::FileInfo* reply) {
  return Answer(
      DescribePath(request->path(), request->follow() ? FinalLink::kFollow : FinalLink::kKeep),
      reply);
}

grpc::Status FilesService::CheckRead(grpc::ServerContext*, const v1::CheckReadRequest* request,
                                     v1::FileInfo* reply) {
  return Answer(hgfsd::CheckRead(request->path()), reply);
}

grpc::Status FilesService::CheckWrite(grpc::ServerContext*, const v1::CheckWriteRequest* request,
                                      v1::CheckWriteReply*) {
  return ToGrpc(hgfsd::CheckWrite(request->path(), ToOverwrite(request->overwrite())));
}

grpc::Status FilesService::MakeDirectory(grpc::ServerContext* context,
                                         const v1::MakeDirectoryRequest* request,
                                         v1::MakeDirectoryReply*) {
  return ToGrpc(hgfsd::MakeDirectory(request->path(),
                                     request->parents() ? Parents::kMake : Parents::kMustExist,
                                     request->mode() & 07777, CancelledBy(context)));
}

grpc::Status FilesService::DeleteFile(grpc::ServerContext* context,
                                      const v1::DeleteFileRequest* request, v1::DeleteFileReply*) {
  return ToGrpc(hgfsd::DeleteFile(request->path(), CancelledBy(context)));
}

grpc::Status FilesService::DeleteDirectory(grpc::ServerContext* context,
                                           const v1::DeleteDirectoryRequest* request,
                                           v1::DeleteDirectoryReply*) {
  return ToGrpc(request->recursive()
                    ? DeleteTree(request->path(), deleter_, CancelledBy(context))
                    : hgfsd::DeleteDirectory(request->path(), CancelledBy(context)));
}

grpc::Status FilesService::MoveFile(grpc::ServerContext* context, const v1::MoveRequest* request,
                                    v1::MoveReply*) {
  return ToGrpc(hgfsd::MoveFile(request->from(), request->to(), ToOverwrite(request->overwrite()),
                                CancelledBy(context)));
}

grpc::Status FilesService::MoveDirectory(grpc::ServerContext* context,
                                         const v1::MoveRequest* request, v1::MoveReply*) {
  return ToGrpc(
      hgfsd::MoveDirectory(request->from(), request->to(), deleter_, CancelledBy(context)));
}

grpc::Status FilesService::CreateTemporary(grpc::ServerContext* context,
                                           const v1::CreateTemporaryRequest* request,
                                           v1::CreateTemporaryReply* reply) {
  absl::StatusOr<std::string> path = hgfsd::CreateTemporary(*request, CancelledBy(context));
  if (!path.ok()) return ToGrpc(path.status());
  reply->set_path(*std::move(path));
  return grpc::Status::OK;
}

grpc::Status FilesService::SetAttributes(grpc::ServerContext* context,
                                         const v1::SetAttributesRequest* request,
                                         v1::SetAttributesReply*) {
  return ToGrpc(hgfsd::SetAttributes(request->path(), request->attributes(), CancelledBy(context)));
}

grpc::Status FilesService::GetVolume(grpc::ServerContext*, const v1::GetVolumeRequest* request,
                                     v1::Volume* reply) {
  return Answer(hgfsd::GetVolume(request->path()), reply);
}

}  // namespace toolboxd::hgfsd
