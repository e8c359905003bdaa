// SPDX-License-Identifier: Apache-2.0

// RpcSocket: requests to the host from programs without gRPC (rpctool/protocol.h).

#ifndef TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_
#define TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_

#include <sys/types.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "daemon/listen_fds.h"
#include "daemon/listener.h"
#include "daemon/peer.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// The callers that the socket serves.
struct RpcCallers {
  AllowedCallers allowed;
  // Those whose every request is sent. The others get kNoChannel for all that does more than read
  // (transportd/transport_readers.h), and take their own way with rights of their own: over vsock
  // this process speaks to the host from a privileged port, which is lent to no other process.
  AllowedCallers full;
};

// Serves one request a connection, to those who may use the control socket. One thread waits for
// requests and sends each to the host as it comes, even while the channel's thread waits for
// something. It does not wait for any caller.
class RpcSocket {
 public:
  // The limit for callers at a time whose request has not come; further ones wait in the backlog.
  // Callers who may only read have half of the places, and each user of theirs a share of that
  // half (daemon/caller_share.h): further ones are sent away.
  static constexpr int kMaxConnections = 32;
  // How long a caller may take for its request; then its connection is closed.
  static constexpr absl::Duration kRequestTime = absl::Seconds(2);

  // Takes the packet socket out of those that systemd handed over, or binds rpc.sock beside the
  // control socket, with its mode and group.
  static absl::StatusOr<Listener> OpenListener(const ListenerOptions& control,
                                               std::vector<InheritedSocket>& inherited);

  // Starts the thread, which calls `send`.
  RpcSocket(Listener listener, RpcCallers callers, RpciSend send);
  // Ends the thread, after the request that is on its way.
  ~RpcSocket();
  RpcSocket(const RpcSocket&) = delete;
  RpcSocket& operator=(const RpcSocket&) = delete;

 private:
  // A caller whose request has not come.
  struct Waiting {
    UniqueFd fd;
    uid_t user;
    bool full;
    absl::Time deadline;
  };

  void Loop();
  void Accept();
  // Whether another caller of this user's who may only read may wait.
  bool MayWait(uid_t user) const;
  // Sends the caller's request and the reply to it, or passes over an incorrect one. False if no
  // request has come.
  bool Serve(const Waiting& caller) const;
  void Answer(const Waiting& caller, absl::string_view request) const;
  // The time until the first deadline in milliseconds; -1 if no caller waits.
  int TimeoutMs() const;

  const Listener listener_;
  const RpcCallers callers_;
  const RpciSend send_;
  // An eventfd that ends the thread.
  const UniqueFd wake_;
  std::atomic<bool> ending_{false};
  // Used by the loop's thread only.
  std::vector<Waiting> waiting_;
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_SOCKET_H_
