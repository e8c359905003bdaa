// SPDX-License-Identifier: Apache-2.0

// The Watch streams of a server's health, taken by one caller; for tests.

#ifndef TOOLBOXD_DAEMON_TESTING_ALL_WATCHES_H_
#define TOOLBOXD_DAEMON_TESTING_ALL_WATCHES_H_

#include <list>
#include <memory>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace toolboxd {

// All Watch streams that a server's health has for this caller (HealthService::kMaxWatches), until
// destruction. Each has answered once; if not, the test fails.
class AllWatches {
 public:
  explicit AllWatches(const std::shared_ptr<grpc::Channel>& channel);
  ~AllWatches();

 private:
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<grpc::health::v1::HealthCheckResponse>> stream;
  };

  std::list<Watch> watches_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_ALL_WATCHES_H_
