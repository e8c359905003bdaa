// SPDX-License-Identifier: Apache-2.0

// The gRPC channel over a connection to a service that transportd does not trust: a session's,
// which runs as its user, or an extension's.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_CHANNEL_H_

#include <memory>

#include "grpcpp/channel.h"

namespace toolboxd {

// Bytes that a stream may hold of messages before they are read; a larger message moves in parts.
// The window does not grow with the speed of the connection, as gRPC's windows do by default:
// transportd would hold megabytes for each download that the host has opened and does not read.
constexpr int kStreamWindowBytes = 64 << 10;

// The largest message that is taken from it: two packets of a download, or a page of a list, which
// the services keep smaller. Parsed, as many empty entries take 10 MB.
constexpr int kMaxServiceMessageBytes = 128 << 10;

// Takes ownership of the connected socket `fd`, and makes it non-blocking.
std::shared_ptr<grpc::Channel> MakeSessionChannel(int fd);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_CHANNEL_H_
