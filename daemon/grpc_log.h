// SPDX-License-Identifier: Apache-2.0

// gRPC's own messages in our log.

#ifndef TOOLBOXD_DAEMON_GRPC_LOG_H_
#define TOOLBOXD_DAEMON_GRPC_LOG_H_

namespace toolboxd {

// Sends what gRPC logs through base/log.h: its errors as warnings, limited per source line;
// the rest as debug. What it does not need to format is switched off by level. Call after
// InitLog, before other gRPC calls.
void RouteGrpcLog();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_GRPC_LOG_H_
