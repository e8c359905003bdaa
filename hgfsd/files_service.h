// SPDX-License-Identifier: Apache-2.0

// The toolboxd.v1.Files service over gRPC: each call is one function of this folder.

#ifndef TOOLBOXD_HGFSD_FILES_SERVICE_H_
#define TOOLBOXD_HGFSD_FILES_SERVICE_H_

#include "hgfsd/deferred_delete.h"
#include "hgfsd/directory_lister.h"
#include "toolboxd/v1/files.grpc.pb.h"

namespace toolboxd::hgfsd {

// Its destructor waits for deletes that are still running (DeferredDeleter). Thread-safe.
class FilesService final : public v1::Files::Service {
 public:
  grpc::Status List(grpc::ServerContext* context, const v1::ListFilesRequest* request,
                    v1::ListFilesReply* reply) override;
  grpc::Status GetInfo(grpc::ServerContext* context, const v1::GetFileInfoRequest* request,
                       v1::FileInfo* reply) override;
  grpc::Status CheckRead(grpc::ServerContext* context, const v1::CheckReadRequest* request,
                         v1::FileInfo* reply) override;
  grpc::Status CheckWrite(grpc::ServerContext* context, const v1::CheckWriteRequest* request,
                          v1::CheckWriteReply* reply) override;
  grpc::Status MakeDirectory(grpc::ServerContext* context, const v1::MakeDirectoryRequest* request,
                             v1::MakeDirectoryReply* reply) override;
  grpc::Status DeleteFile(grpc::ServerContext* context, const v1::DeleteFileRequest* request,
                          v1::DeleteFileReply* reply) override;
  grpc::Status DeleteDirectory(grpc::ServerContext* context,
                               const v1::DeleteDirectoryRequest* request,
                               v1::DeleteDirectoryReply* reply) override;
  grpc::Status MoveFile(grpc::ServerContext* context, const v1::MoveRequest* request,
                        v1::MoveReply* reply) override;
  grpc::Status MoveDirectory(grpc::ServerContext* context, const v1::MoveRequest* request,
                             v1::MoveReply* reply) override;
  grpc::Status CreateTemporary(grpc::ServerContext* context,
                               const v1::CreateTemporaryRequest* request,
                               v1::CreateTemporaryReply* reply) override;
  grpc::Status SetAttributes(grpc::ServerContext* context, const v1::SetAttributesRequest* request,
                             v1::SetAttributesReply* reply) override;
  grpc::Status GetVolume(grpc::ServerContext* context, const v1::GetVolumeRequest* request,
                         v1::Volume* reply) override;

 private:
  DirectoryLister lister_;
  DeferredDeleter deleter_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILES_SERVICE_H_
