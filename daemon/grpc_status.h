// SPDX-License-Identifier: Apache-2.0

// Errors between processes: grpc::Status, with the reason that base/status.h adds.
//
// The serialized toolboxd.v1.ErrorDetail travels in grpc::Status::error_details. All functions are
// pure and thread-safe.

#ifndef TOOLBOXD_DAEMON_GRPC_STATUS_H_
#define TOOLBOXD_DAEMON_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace toolboxd {

// Both directions keep code, message and detail; of a message over 1,200 bytes ToGrpc() keeps its
// ends. A gRPC code outside 0..16 becomes UNKNOWN;
// details that are not an ErrorDetail are discarded.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_GRPC_STATUS_H_
