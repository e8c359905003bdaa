// SPDX-License-Identifier: Apache-2.0

// Services in the test's own process, behind connections like a session's.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_SERVICE_HOST_H_
#define TOOLBOXD_TRANSPORTD_TESTING_SERVICE_HOST_H_

#include <memory>
#include <vector>

#include "grpcpp/channel.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "grpcpp/server.h"

namespace toolboxd::testing {

// Serves until it is destroyed or killed. The services must outlive it.
class ServiceHost {
 public:
  explicit ServiceHost(const std::vector<grpc::Service*>& services);
  ~ServiceHost();

  // A new connection's client end, which the caller owns; gRPC can be spoken on it at once.
  int Connect();
  // Serves a connection whose other end the caller has. Takes ownership of the socket.
  void Serve(int fd);
  // The same as a channel, with a session's settings.
  std::shared_ptr<grpc::Channel> Channel();

  // Ends all connections, as the death of a process would.
  void Kill();

 private:
  std::unique_ptr<grpc::Server> server_;
  // Duplicates of the servers' ends, so that they can be shut down.
  std::vector<int> ends_;
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_SERVICE_HOST_H_
