// SPDX-License-Identifier: Apache-2.0

// A client of hgfsd as transportd is one: its connection, uploads and downloads.

#ifndef TOOLBOXD_HGFSD_TESTING_CLIENT_H_
#define TOOLBOXD_HGFSD_TESTING_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"

namespace toolboxd::hgfsd {

// A connection as session makes it.
struct Connection {
  UniqueFd server;
  UniqueFd client;
};
Connection MakeConnection();
// gRPC at one end of it.
std::shared_ptr<grpc::Channel> ChannelOn(UniqueFd end);

// An upload that the server has opened or refused.
class Upload {
 public:
  Upload(v1::FileHandler::Stub& stub, const v1::WriteRequest& open);
  // Of a new file, or of one that it replaces.
  Upload(v1::FileHandler::Stub& stub, const std::string& path);

  // Whether the call has not ended.
  bool Append(absl::string_view data);
  bool Send(const v1::WriteRequest& request) { return stream_->Write(request); }
  // How the call ends, with the upload's last request or without.
  grpc::Status Commit();
  grpc::Status Finish();
  void Cancel() { context_.TryCancel(); }
  // Of a call that has succeeded.
  const v1::WriteReply& reply() const { return reply_; }

 private:
  grpc::ClientContext context_;
  v1::WriteReply reply_;
  std::unique_ptr<grpc::ClientWriter<v1::WriteRequest>> stream_;
};

struct Download {
  grpc::Status status;
  std::optional<v1::FileInfo> opened;
  std::string data;
  // The size of the largest chunk.
  size_t largest = 0;
};

// All that there is from `offset`, in chunks of that size; 0: of the server's.
Download Read(v1::FileHandler::Stub& stub, const std::string& path, uint64_t offset = 0,
              uint32_t chunk = 0);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TESTING_CLIENT_H_
