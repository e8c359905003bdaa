// SPDX-License-Identifier: Apache-2.0

// The toolboxd.v1.FileHandler service over gRPC: content of files, and of directories as archives.

#ifndef TOOLBOXD_HGFSD_FILE_HANDLER_SERVICE_H_
#define TOOLBOXD_HGFSD_FILE_HANDLER_SERVICE_H_

#include "hgfsd/archive_packer.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"

namespace toolboxd::hgfsd {

// A stream holds one chunk, and what gRPC's flow control lets it send ahead. Thread-safe.
class FileHandlerService final : public v1::FileHandler::Service {
 public:
  struct Options {
    // FileWriter::Options::sync.
    bool sync_uploads = false;
  };

  explicit FileHandlerService(const Options& options) : options_(options) {}

  grpc::Status Stat(grpc::ServerContext* context, const v1::StatRequest* request,
                    v1::FileInfo* reply) override;
  // An archive is packed again for each call: NOT_SUPPORTED for an offset other than 0.
  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override;
  // For an archive the mode and attributes are ignored.
  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply* reply) override;

 private:
  const Options options_;
  const OwnerDatabases owners_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_HANDLER_SERVICE_H_
