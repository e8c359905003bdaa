// SPDX-License-Identifier: Apache-2.0

// UnixServer: a gRPC service on a Unix socket, for tests of clients.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_UNIX_SERVER_H_
#define TOOLBOXD_TRANSPORTD_TESTING_UNIX_SERVER_H_

#include <chrono>
#include <memory>
#include <string>

#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace toolboxd {

// Serves until it is destroyed; calls that run then are cancelled.
class UnixServer {
 public:
  UnixServer(const std::string& path, grpc::Service* service) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
    builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  ~UnixServer() { server_->Shutdown(std::chrono::system_clock::now()); }

 private:
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TESTING_UNIX_SERVER_H_
