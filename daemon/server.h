// SPDX-License-Identifier: Apache-2.0

// A daemon's main loop: its listener, who may call, and when it ends.

#ifndef TOOLBOXD_DAEMON_SERVER_H_
#define TOOLBOXD_DAEMON_SERVER_H_

#include <signal.h>
#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "daemon/gated_connections.h"
#include "daemon/health.h"
#include "daemon/listen_fds.h"
#include "daemon/listener.h"
#include "daemon/peer.h"
#include "daemon/server_builder.h"
#include "grpcpp/server.h"

namespace toolboxd {

// What callers get who are not in `full`: as a rule the same services with fewer rights. gRPC does
// not know which user makes a call, so these callers have a server of their own, which starts with
// the first of them. They have half of the connections at most, so that they keep no caller of
// `full` out, and no user of theirs keeps another out: each has a share of connections and of calls
// at a time (caller_share.h). What they begin and do not end takes memory that all callers share,
// so what they send passes a gate (caller_gate.h).
struct LimitedServices {
  AllowedCallers full;
  std::vector<NamedService> services;
  // A call beyond its user's share of the threads ends its connection.
  ServerLimits limits = {.max_threads = 32,
                         .max_request_bytes = 16 << 10,
                         .max_streams = 8,
                         .max_unread_bytes = 32 << 10};
};

struct ServerOptions {
  // Bound unless systemd hands over a listening socket.
  ListenerOptions listener;
  // FileDescriptorName= of the socket to take if systemd hands over several.
  std::string listener_name;
  // The sockets that systemd handed over, if the program has taken them itself because it serves
  // another one of them.
  std::optional<std::vector<InheritedSocket>> inherited;
  AllowedCallers allowed;
  std::vector<NamedService> services;
  // Nothing: all of `allowed` get `services`.
  std::optional<LimitedServices> limited;
  ServerLimits limits;
  // Connections at a time; further ones are closed.
  int max_connections = 64;
  // Ends the process after this time without a connection; zero: never.
  absl::Duration idle_exit = absl::ZeroDuration();
  // Whether work goes on that outlives its connection and must delay the idle exit. Called on the
  // loop's thread when the time has come. Empty: there is no such work.
  std::function<bool()> busy;
  // Whether the process is of no further use: then a process that ends when it is idle does so at
  // once. Called on the loop's thread when the last connection has closed. Empty: it never is.
  std::function<bool()> finished;
  // Whether gRPC starts with the process rather than with the first connection (8-10 ms).
  bool start_grpc_at_once = false;
  // Whether SIGTERM and SIGINT end Run and SIGHUP calls on_reload. They are then blocked in
  // the creating thread and every thread started later.
  bool handle_signals = true;
  std::function<void()> on_reload;
  // Called on the loop's thread when a connection has closed: wakes streams that sleep, so that
  // they see whether they were cancelled.
  std::function<void()> on_connection_closed;
  // Called first when the server stops: ends streams that do not end by themselves.
  std::function<void()> on_stop;
  // Called before each WATCHDOG=1; after false, systemd's watchdog ends the process.
  std::function<bool()> alive;
  // How long calls may still run when the server stops.
  absl::Duration shutdown_grace = absl::Milliseconds(500);
  // Memory that only start-up needs is returned this long after the start and after the last
  // connection has closed.
  absl::Duration trim_after = absl::Seconds(1);
};

// Accepts connections, hands those of allowed callers to a gRPC server and closes the others,
// which see the end of the stream before any byte. The gRPC server has reflection and health.
//
// The loop sleeps without a timeout unless something is due: trimming memory, idle exit, the
// watchdog.
class Server {
 public:
  // Opens the listener: from then on connections queue up. ALREADY_EXISTS if another
  // instance serves the path. Before threads start.
  static absl::StatusOr<std::unique_ptr<Server>> Create(ServerOptions options);
  ~Server();

  // Serves until a signal, Stop, or idle exit. Call it once. An error only if gRPC cannot start.
  absl::Status Run();

  // May be called from any thread, also before Run.
  void Stop();

  // That of all callers but those of `limited`.
  HealthService& health() { return health_; }

  // Counters, readable from any thread.
  int open_connections() const { return open_connections_.load(); }
  int64_t refused_connections() const { return refused_connections_.load(); }
  // How often the loop woke up.
  int64_t wakeups() const { return wakeups_.load(); }

 private:
  Server(ServerOptions options, Listener listener);

  // What Create does after the listener: descriptors and signals.
  absl::Status Open();
  // A server of gRPC, and the way to hand it connections.
  struct Grpc {
    // Both empty until the first connection.
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
    std::unique_ptr<grpc::Server> server;
  };
  absl::Status StartGrpc(const ServerLimits& limits, const std::vector<NamedService>& services,
                         Grpc& grpc);
  // Called once nothing is admitted any more.
  void ShutDownGrpc();
  // Whether another connection of this user's may be open.
  bool HasPlace(uid_t user, bool limited);
  // Adds a descriptor to epoll, with itself as the event's data.
  bool Watch(int fd, uint32_t events);
  // The time until the first timer is due; -1 if there is none.
  int TimeoutMs() const;
  absl::Status HandleEvent(const epoll_event& event);
  void HandleSignals();
  // Handles the timers that are due.
  absl::Status HandleDue();
  // Starts the idle timer if there is no connection, else stops it.
  void RestartIdleTimer();
  // Accepts what waits, up to a batch; returns how many were handed to gRPC.
  absl::StatusOr<int> AcceptWaiting();
  // Checks one connection and hands it to gRPC (true), or closes it (false). An error only if gRPC
  // cannot start.
  absl::StatusOr<bool> Admit(UniqueFd connection);
  // The peer of a watched connection has left, or gRPC has shut it down.
  void ConnectionClosed(int watch);

  const ServerOptions options_;
  // Empty once the server stops: no caller may queue up for a process that ends.
  std::optional<Listener> listener_;
  HealthService health_;
  // The same for `limited`. Its Watch streams count as the calls that they are (gated_), so that no
  // user's take the place of another's.
  HealthService limited_health_{std::numeric_limits<int>::max()};
  UniqueFd epoll_;
  // Eventfd that Stop writes to.
  UniqueFd stop_event_;
  UniqueFd signals_;
  // The creating thread's signal mask, which the destructor restores.
  sigset_t old_mask_;
  Grpc grpc_;
  // The server for the callers of `limited`.
  Grpc limited_grpc_;

  // A duplicate of each open connection, watched for the peer's end; by descriptor.
  std::map<int, UniqueFd> connections_;
  // Between these callers and gRPC; empty until the first of them.
  std::unique_ptr<GatedConnections> gated_;
  bool stopping_ = false;
  // Timers, by SteadyNow(), since the host sets the wall clock. InfiniteFuture() means not running.
  absl::Time trim_due_ = absl::InfiniteFuture();
  absl::Time idle_due_ = absl::InfiniteFuture();
  absl::Time watchdog_due_ = absl::InfiniteFuture();
  absl::Time listen_again_due_ = absl::InfiniteFuture();
  absl::Duration watchdog_period_ = absl::InfiniteDuration();

  std::atomic<int> open_connections_{0};
  std::atomic<int64_t> refused_connections_{0};
  std::atomic<int64_t> wakeups_{0};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_SERVER_H_
