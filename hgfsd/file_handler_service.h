// SPDX-License-Identifier: Apache-2.0

// The FileHandler service over gRPC: content of files, and of directories as archives.

#ifndef TOOLBOXD_HGFSD_FILE_HANDLER_SERVICE_H_
#define TOOLBOXD_HGFSD_FILE_HANDLER_SERVICE_H_

#include "toolboxd/v1/file_handler.grpc.pb.h"

namespace toolboxd::hgfsd {

// Thread-safe. A stream holds one chunk, and what gRPC's flow control lets it send ahead.
class FileHandlerService final : public v1::FileHandler::Service {
 public:
  struct Options {
    // FileWriter::Options::sync.
    bool sync_uploads = false;
  };

  explicit FileHandlerService(const Options& options) : options_(options) {}

  grpc::Status Stat(grpc::ServerContext* context, const v1::StatRequest* request,
                    v1::FileInfo* reply) override;
  // An archive is made anew for each call, so that only offset 0 makes sense: NOT_SUPPORTED.
  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override;
  // Archives are opened in any mode, and have no attributes.
  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply* reply) override;

 private:
  const Options options_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_HANDLER_SERVICE_H_
