// SPDX-License-Identifier: Apache-2.0

// Asking a server by reflection what it serves; for tests.

#ifndef TOOLBOXD_DAEMON_TESTING_REFLECTION_CLIENT_H_
#define TOOLBOXD_DAEMON_TESTING_REFLECTION_CLIENT_H_

#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"

namespace toolboxd {

// The full names of all services.
absl::StatusOr<std::set<std::string>> ListServices(const std::shared_ptr<grpc::Channel>& channel);

// Whether the server sends the file that declares a service, method or message.
absl::StatusOr<bool> Describes(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& symbol);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_REFLECTION_CLIENT_H_
