// SPDX-License-Identifier: Apache-2.0

// toolboxd.v1.FileHandler of an inbox: the host writes a package, and nothing else.

#ifndef TOOLBOXD_DEPLOYD_INBOX_SERVICE_H_
#define TOOLBOXD_DEPLOYD_INBOX_SERVICE_H_

#include <functional>
#include <memory>
#include <utility>

#include "deployd/inbox.h"
#include "toolboxd/v1/file_handler.grpc.pb.h"

namespace toolboxd::deployd {

// Read is not served (UNIMPLEMENTED). Thread-safe.
class InboxService final : public v1::FileHandler::Service {
 public:
  // `inbox` returns the current one, null if there is none.
  explicit InboxService(std::function<std::shared_ptr<Inbox>()> inbox) : inbox_(std::move(inbox)) {}

  grpc::Status Stat(grpc::ServerContext* context, const v1::StatRequest* request,
                    v1::FileInfo* reply) override;
  grpc::Status Write(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                     v1::WriteReply* reply) override;

 private:
  absl::Status Receive(grpc::ServerContext* context, grpc::ServerReader<v1::WriteRequest>* reader,
                       v1::WriteReply* reply) const;

  const std::function<std::shared_ptr<Inbox>()> inbox_;
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_INBOX_SERVICE_H_
