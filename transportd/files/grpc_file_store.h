// SPDX-License-Identifier: Apache-2.0

// FileStore over gRPC: hgfsd, vixd and extensions.

#ifndef TOOLBOXD_TRANSPORTD_FILES_GRPC_FILE_STORE_H_
#define TOOLBOXD_TRANSPORTD_FILES_GRPC_FILE_STORE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"
#include "toolboxd/v1/files.grpc.pb.h"
#include "transportd/files/file_store.h"

namespace toolboxd::files {

// Called with every failure of the connection itself.
using OnBroken = std::function<void(const absl::Status& why)>;

struct GrpcFileStoreOptions {
  // Time limit of one call, and of one step of a stream; all of a request's count from its first
  // (base/shared_deadline.h).
  absl::Duration timeout = absl::Seconds(5);
  // Time limit of Commit(), whose work has no bound.
  absl::Duration long_timeout = absl::Seconds(60);
  // Time limit of a move, which copies if the places are on different file systems.
  absl::Duration move_timeout = absl::Seconds(15);
  // Whether the server has no Files service: only content is served.
  bool content_only = false;
  // The guest user, for extensions; empty for services that run as the user.
  std::string user = {};
  // May be null. The store's streams keep a copy, so it may be called after the store's end.
  OnBroken on_broken = nullptr;
};

// Streams use a completion queue that the calling thread alone drives: each step has its own time
// limit, and there is no second thread. The stream's flow-control window holds what the server
// sends ahead, so a read is usually answered from memory. Streams do not need the store.
class GrpcFileStore final : public FileStore {
 public:
  GrpcFileStore(std::shared_ptr<grpc::Channel> channel, GrpcFileStoreOptions options);

  absl::StatusOr<v1::FileInfo> Stat(absl::string_view path) override;
  absl::StatusOr<std::unique_ptr<ReadStream>> OpenRead(absl::string_view path, uint64_t offset,
                                                       uint32_t chunk_size,
                                                       v1::FileInfo* opened) override;
  absl::StatusOr<std::unique_ptr<WriteStream>> OpenWrite(const v1::OpenForWriting& open) override;

  // Checks of a transfer before it starts (Files.CheckRead, Files.CheckWrite).
  absl::StatusOr<v1::FileInfo> CheckRead(absl::string_view path);
  absl::Status CheckWrite(absl::string_view path, bool overwrite);

  // Any other method of Files, such as &v1::Files::Stub::MoveFile.
  template <typename Request, typename Reply>
  using Method = grpc::Status (v1::Files::Stub::*)(grpc::ClientContext*, const Request&, Reply*);
  template <typename Request, typename Reply>
  absl::Status Call(Method<Request, Reply> method, const Request& request, Reply& reply,
                    absl::Duration timeout) {
    if (files_ == nullptr) return NotServed();
    grpc::ClientContext context;
    Limit(context, timeout);
    return ReportIfBroken(((*files_).*method)(&context, request, &reply));
  }
  // &v1::Files::Stub::MoveFile or MoveDirectory. A move that does not end in time is logged and
  // fails with DEADLINE_EXCEEDED; hgfsd, which has work to do until it is undone, counts as alive.
  absl::Status Move(Method<v1::MoveRequest, v1::MoveReply> method, const v1::MoveRequest& request);
  absl::Duration timeout() const { return options_.timeout; }
  absl::Duration long_timeout() const { return options_.long_timeout; }

  absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes& attributes) override;
  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest& request) override;
  absl::Status MakeDirectory(absl::string_view path, uint32_t permissions) override;
  absl::Status DeleteFile(absl::string_view path) override;
  absl::Status DeleteDirectory(absl::string_view path) override;
  absl::Status Rename(absl::string_view from, absl::string_view to, bool overwrite) override;
  absl::StatusOr<v1::Volume> GetVolume(absl::string_view path) override;

 private:
  absl::Status ReportIfBroken(const grpc::Status& status) const;
  static absl::Status NotServed();
  static void Limit(grpc::ClientContext& context, absl::Duration timeout);

  const GrpcFileStoreOptions options_;
  const std::unique_ptr<v1::Files::Stub> files_;
  const std::unique_ptr<v1::FileHandler::Stub> handler_;
};

}  // namespace toolboxd::files

#endif  // TOOLBOXD_TRANSPORTD_FILES_GRPC_FILE_STORE_H_
