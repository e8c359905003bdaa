// SPDX-License-Identifier: Apache-2.0

// What all gRPC servers of this project have in common.

#ifndef TOOLBOXD_DAEMON_SERVER_BUILDER_H_
#define TOOLBOXD_DAEMON_SERVER_BUILDER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/health.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace toolboxd {

// A service and its full name, as in {v1::Power::service_full_name(), &power}.
// The service must outlive the server.
struct NamedService {
  std::string name;
  grpc::Service* service;
};

struct ServerLimits {
  // Threads that serve calls; a call beyond them gets RESOURCE_EXHAUSTED at once. A stream
  // takes a thread as long as it is open.
  int max_threads = 16;
  // A larger request, or a larger reply, ends its call with RESOURCE_EXHAUSTED.
  int max_request_bytes = 4 << 20;
  int max_reply_bytes = 4 << 20;
  // Calls at a time on one connection.
  int max_streams = 64;
  // What one call's sender may send before it is read.
  int max_unread_bytes = 512 << 10;
  // How long a connection may take to show that it speaks HTTP/2.
  absl::Duration handshake_timeout = absl::Seconds(5);
};

// Registers the services, health and reflection, and sets the limits. health learns the
// services' names.
void ConfigureBuilder(const ServerLimits& limits, const std::vector<NamedService>& services,
                      HealthService* health, grpc::ServerBuilder* builder);

// Ends a server: calls may run on for `grace`, then they are cancelled. If a handler runs two
// seconds longer, the process ends with status 1.
void ShutDownServer(absl::Duration grace, HealthService* health, grpc::Server* server);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_SERVER_BUILDER_H_
