// SPDX-License-Identifier: Apache-2.0

// gRPC's own messages in our log.

#ifndef TOOLBOXD_DAEMON_GRPC_LOG_H_
#define TOOLBOXD_DAEMON_GRPC_LOG_H_

namespace toolboxd {

// Sends what gRPC logs through base/log.h: its errors as warnings, limited per source line;
// the rest as debug. gRPC does not format messages below the log's level. Call it after
// InitLog and before other gRPC calls.
void RouteGrpcLog();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_GRPC_LOG_H_
