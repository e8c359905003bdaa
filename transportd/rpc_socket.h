// SPDX-License-Identifier: Apache-2.0

// RpcSocket: requests to the host from programs without gRPC (rpctool/protocol.h).

#ifndef TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_
#define TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "daemon/listen_fds.h"
#include "daemon/listener.h"
#include "daemon/peer.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// Serves one request a connection, to those who may use the control socket. A thread waits for
// requests and sends each to the host as it comes, whatever the channel's thread waits for. It
// waits for no caller.
class RpcSocket {
 public:
  // Callers at a time whose request has not come; further ones wait in the backlog.
  static constexpr int kMaxConnections = 32;
  // How long a caller may take for its request; then its connection is closed.
  static constexpr absl::Duration kRequestTime = absl::Seconds(2);

  // Takes the packet socket out of those that systemd handed over, or binds rpc.sock beside the
  // control socket, with its mode and group.
  static absl::StatusOr<Listener> OpenListener(const ListenerOptions& control,
                                               std::vector<InheritedSocket>& inherited);

  // Starts the thread, which calls `send`.
  RpcSocket(Listener listener, AllowedCallers allowed, RpciSend send);
  // Ends the thread, after the request that is on its way.
  ~RpcSocket();
  RpcSocket(const RpcSocket&) = delete;
  RpcSocket& operator=(const RpcSocket&) = delete;

 private:
  // A caller whose request has not come.
  struct Waiting {
    UniqueFd fd;
    absl::Time deadline;
  };

  void Loop();
  void Accept();
  // Sends the caller's request and the reply to it, or passes over an incorrect one. False if no
  // request has come.
  bool Serve(int fd) const;
  // Until the first deadline in milliseconds; -1 if no caller waits.
  int TimeoutMs() const;

  const Listener listener_;
  const AllowedCallers allowed_;
  const RpciSend send_;
  // Eventfd: the thread must end.
  const UniqueFd wake_;
  std::atomic<bool> ending_{false};
  // Of the loop's thread.
  std::vector<Waiting> waiting_;
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_
