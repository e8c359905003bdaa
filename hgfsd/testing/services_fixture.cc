// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/testing/services_fixture.h"

#include <fcntl.h>

#include <chrono>
#include <utility>

#include "grpc/grpc.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_posix.h"
#include "hgfsd/testing/client.h"

namespace toolboxd::hgfsd {

// gRPC waits for its threads, up to 10 s, whenever the last user has gone.
void HgfsdServices::SetUpTestSuite() { grpc_init(); }
void HgfsdServices::TearDownTestSuite() { grpc_shutdown(); }

HgfsdServices::HgfsdServices() {
  Connection connection = MakeConnection();
  grpc::ServerBuilder builder;
  builder.RegisterService(&files_service_);
  builder.RegisterService(&handler_service_);
  // How long a thread of the server waits for work before it looks whether to end.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::CQ_TIMEOUT_MSEC, 200);
  server_ = builder.BuildAndStart();
  fcntl(connection.server.get(), F_SETFL, O_NONBLOCK);
  grpc::AddInsecureChannelFromFd(server_.get(), connection.server.release());
  channel_ = ChannelOn(std::move(connection.client));
  files_ = v1::Files::NewStub(channel_);
  handler_ = v1::FileHandler::NewStub(channel_);
}

HgfsdServices::~HgfsdServices() {
  // The connection ends first: nothing reads it while no call waits (daemon/poll_strategy.h), so
  // the server could wait forever to finish a write.
  files_.reset();
  handler_.reset();
  channel_.reset();
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
}

}  // namespace toolboxd::hgfsd
