// SPDX-License-Identifier: Apache-2.0

// RpcSocket: requests to the host from programs without gRPC (rpctool/protocol.h).

#ifndef TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_
#define TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_

#include <memory>
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
#include "transportd/task_queue.h"

namespace toolboxd {

// Serves one request a connection, to those who may use the control socket. A thread waits for
// requests; the channel's thread, which runs the queue, sends them and the replies. It waits for no
// caller.
class RpcSocket {
 public:
  // Connections at a time, from the accept to the reply; further ones wait in the backlog.
  static constexpr int kMaxConnections = 32;
  // How long a caller may take for its request; then its connection is closed.
  static constexpr absl::Duration kRequestTime = absl::Seconds(2);

  // Takes the packet socket out of those that systemd handed over, or binds rpc.sock beside the
  // control socket, with its mode and group.
  static absl::StatusOr<Listener> OpenListener(const ListenerOptions& control,
                                               std::vector<InheritedSocket>& inherited);

  // Starts the thread. The queue must outlive this object; `send` is called on the queue's thread
  // only, and until the queue is stopped.
  RpcSocket(Listener listener, AllowedCallers allowed, TaskQueue* queue, RpciSend send);
  // Ends the thread. Requests that are posted are still answered.
  ~RpcSocket();
  RpcSocket(const RpcSocket&) = delete;
  RpcSocket& operator=(const RpcSocket&) = delete;

 private:
  struct Shared;
  // A caller whose request has not come.
  struct Waiting {
    UniqueFd fd;
    absl::Time deadline;
  };

  void Loop();
  void Accept();
  // Reads the request and posts it; an incorrect one closes the connection.
  void Read(UniqueFd fd);
  // Until the first deadline in milliseconds; -1 if no caller waits.
  int TimeoutMs() const;

  const Listener listener_;
  const AllowedCallers allowed_;
  TaskQueue& queue_;
  const RpciSend send_;
  const std::shared_ptr<Shared> shared_;
  // Of the loop's thread.
  std::vector<Waiting> waiting_;
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_
