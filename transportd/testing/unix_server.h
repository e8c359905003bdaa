// SPDX-License-Identifier: Apache-2.0

// UnixServer: a gRPC service on a Unix socket, for tests of clients.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_UNIX_SERVER_H_
#define TOOLBOXD_TRANSPORTD_TESTING_UNIX_SERVER_H_

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace toolboxd {

// Serves until it is destroyed; calls that run then are cancelled.
class UnixServer {
 public:
  UnixServer(std::string path, grpc::Service* service) : path_(std::move(path)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials());
    builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  ~UnixServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  // Connections that it has accepted and that are open.
  int Connections() const {
    std::ifstream sockets("/proc/net/unix");
    int count = 0;
    for (std::string line; std::getline(sockets, line);) {
      // Address, references, protocol, flags (listening: 00010000), type, state, inode, path.
      if (absl::EndsWith(line, absl::StrCat(" ", path_)) &&
          !absl::StrContains(line, " 00010000 ")) {
        ++count;
      }
    }
    return count;
  }

 private:
  const std::string path_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TESTING_UNIX_SERVER_H_
