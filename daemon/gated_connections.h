// SPDX-License-Identifier: Apache-2.0

// Connections whose bytes pass a gate (caller_gate.h) before gRPC gets them.

#ifndef TOOLBOXD_DAEMON_GATED_CONNECTIONS_H_
#define TOOLBOXD_DAEMON_GATED_CONNECTIONS_H_

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "daemon/caller_gate.h"

namespace toolboxd {

struct GateLimits {
  // Of all users together, who share them (caller_share.h): connections, with those that ended with
  // calls on which the server may still be at work, and calls at a time.
  size_t connections;
  size_t calls;
  // At a time.
  size_t calls_of_connection;
};

// One thread for all of them, which starts with the first connection and sleeps as long as no byte
// comes. It reads from one side what the other side has taken, 16 KiB at a time, so a connection
// keeps no more. Thread-safe.
class GatedConnections {
 public:
  // For the other side, to take what it was sent.
  static constexpr absl::Duration kAfterEnd = absl::Seconds(1);

  // The thread calls `on_reset` when either side has reset a call, just before the other one hears
  // of it, and when a connection has ended.
  explicit GatedConnections(
      GateLimits limits, std::function<void()> on_reset = [] {});
  // Ends all of them.
  ~GatedConnections();

  // Whether the user may have another connection.
  bool HasPlace(uid_t user);
  // Takes over a connection of this user's, a Unix socket, and returns what the server gets in its
  // place, which does not block. When either side ends, or sends what the gate refuses, both end;
  // what the side that has ended sent before gets kAfterEnd to be taken. An error if there is no
  // descriptor or thread for it; then the caller's connection is closed.
  absl::StatusOr<UniqueFd> Add(UniqueFd caller, uid_t user);

  // Connections, and those that ended with calls on which the server may still be at work.
  size_t count();

 private:
  struct Direction {
    int from;
    int to;
    // What `to` has not taken yet.
    std::string rest;
  };
  struct Connection {
    Connection(uid_t owner, UniqueFd caller_end, UniqueFd server_end, CallerGate callers_gate)
        : user(owner),
          caller(std::move(caller_end)),
          server(std::move(server_end)),
          gate(std::move(callers_gate)),
          to_server{caller.get(), server.get(), ""},
          to_caller{server.get(), caller.get(), ""} {}

    const uid_t user;
    UniqueFd caller;
    UniqueFd server;
    CallerGate gate;
    Direction to_server;
    Direction to_caller;
    // Once one side has ended while the other one takes nothing: when both end.
    absl::Time end_by = absl::InfiniteFuture();
    // Its descriptors are closed then.
    bool has_ended = false;
  };

  absl::Status Start() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wake();
  void Run();
  // Takes over what was added. False when the thread must end.
  bool TakeAdded();
  // Milliseconds until a connection that has ended, or one side of it, is to be looked at; -1 if
  // there is none.
  int TimeoutMs() const;
  void WaitAndMove();
  // Acts on what poll(2) has reported of the two sides.
  void Serve(Connection& connection, const pollfd& caller, const pollfd& server);
  void End(Connection& connection) const;
  // Whether the connection goes on.
  bool Move(Connection& connection, Direction& direction);
  bool Flush(Direction& direction);
  bool Allows(Connection& connection, const Direction& direction, absl::string_view part) const;
  // Whether the user may begin another call.
  bool MayCall(uid_t user, absl::Time now);
  // Those that have ended and whose calls have, too.
  void Forget();

  const GateLimits limits_;
  const std::function<void()> on_reset_;

  absl::Mutex mutex_;
  // Whose connections there are, once for each.
  std::multiset<uid_t> users_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Connection>> added_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  // Eventfd; set before the thread starts.
  UniqueFd wake_;

  // The thread's own.
  std::list<std::unique_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_GATED_CONNECTIONS_H_
