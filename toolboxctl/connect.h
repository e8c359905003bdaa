// SPDX-License-Identifier: Apache-2.0

// toolboxctl connect: a session of hgfsd or vixd for grpcurl and the like.

#ifndef TOOLBOXD_TOOLBOXCTL_CONNECT_H_
#define TOOLBOXD_TOOLBOXCTL_CONNECT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace toolboxd {

struct ConnectOptions {
  // "hgfsd" or "vixd".
  std::string service;
  // Empty for the caller's own user; only root may name another.
  std::string user;
  // The socket of `session --peer_login`; empty for /run/toolboxd/SERVICE-login.sock.
  std::string session_socket;
};

// Offers the service on a Unix socket in a directory that only the caller can enter, below
// $XDG_RUNTIME_DIR, else /run for root and /run/toolboxd/user/UID for others, else /tmp. Each
// client gets a session of its own, opened without a password because session learns the caller's
// user from the kernel. Calls `ready` with the socket's path, serves until SIGINT, SIGTERM or
// SIGHUP, and removes socket and directory. Errors: those of session::OpenSession, in words for
// people, before anything is offered. Blocks the three signals.
absl::Status Connect(const ConnectOptions& options,
                     const std::function<void(const std::string& path)>& ready);

// Connect for the command line: prints how to use the socket, or what failed. The exit status.
int ConnectMain(const ConnectOptions& options);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_CONNECT_H_
