// SPDX-License-Identifier: Apache-2.0

// The client's side: a quiet channel to a daemon's socket.

#ifndef TOOLBOXD_DAEMON_CHANNEL_H_
#define TOOLBOXD_DAEMON_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace toolboxd {

// A channel to the Unix socket at an absolute path. It connects with the first call, has a
// connection of its own (two channels to one path share nothing, and the last reference
// closes it), tries again after 100 ms at first and after 1 s at most, and has no retries, no
// keep-alive and no other timers that would wake an idle process.
std::shared_ptr<grpc::Channel> ConnectUnix(const std::string& path);

// Sets the call's deadline to `timeout` from now, or from the first call of the thread's
// SharedDeadline; none if infinite.
void SetTimeout(absl::Duration timeout, grpc::ClientContext* context);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_CHANNEL_H_
