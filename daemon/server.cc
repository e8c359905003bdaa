// SPDX-License-Identifier: Apache-2.0

#include "daemon/server.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/sd_notify.h"
#include "daemon/sent_descriptors.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kListenAgainDelay = absl::Seconds(1);
// Connections that are accepted before signals are handled.
constexpr int kAcceptBatch = 16;
// What gRPC may keep for limited callers, by its own count; beyond, it ends calls of theirs. A
// caller that does not confirm the server's settings is not bound by their limits.
constexpr size_t kLimitedMemory = 8 << 20;
// Those of gRPC's threads that take calls, and serve none meanwhile.
constexpr size_t kPollers = 2;

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

// systemd's socket if there is one, even where a path is configured: the process that passed the
// socket holds that path already.
absl::StatusOr<Listener> OpenListener(const ServerOptions& options) {
  absl::StatusOr<std::vector<InheritedSocket>> inherited =
      options.inherited.has_value() ? *options.inherited : TakeListenFds();
  if (!inherited.ok()) return inherited.status();
  if (inherited->empty()) return Listener::Bind(options.listener);
  if (inherited->size() == 1) return Listener::Inherit(inherited->front().fd);
  for (const InheritedSocket& socket : *inherited) {
    if (socket.name == options.listener_name) return Listener::Inherit(socket.fd);
  }
  return absl::InvalidArgumentError(absl::StrCat("none of the ", inherited->size(),
                                                 " inherited sockets is named '",
                                                 options.listener_name, "'"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(ServerOptions options) {
  if (options.limited.has_value()) LimitSentDescriptors();
  absl::StatusOr<Listener> listener = OpenListener(options);
  if (!listener.ok()) return listener.status();
  std::unique_ptr<Server> server(new Server(std::move(options), *std::move(listener)));
  absl::Status status = server->Open();
  if (!status.ok()) return status;
  return server;
}

Server::Server(ServerOptions options, Listener listener)
    : options_(std::move(options)), listener_(std::move(listener)) {
  pthread_sigmask(SIG_SETMASK, nullptr, &old_mask_);
}

Server::~Server() {
  ShutDownGrpc();
  if (options_.handle_signals) pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

absl::Status Server::Open() {
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  stop_event_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (options_.handle_signals) {
    const sigset_t handled = HandledSignals();
    pthread_sigmask(SIG_BLOCK, &handled, nullptr);
    signals_ = UniqueFd(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!Watch(signals_.get(), EPOLLIN)) return ErrnoError(errno, "signalfd");
  }
  if (!Watch(stop_event_.get(), EPOLLIN) || !Watch(listener_->fd(), EPOLLIN)) {
    return ErrnoError(errno, "epoll");
  }
  return absl::OkStatus();
}

bool Server::Watch(int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Server::Stop() {
  const uint64_t one = 1;
  // Fails only if the counter is full, and then the loop is about to wake up.
  while (write(stop_event_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

absl::Status Server::StartGrpc(const ServerLimits& limits,
                               const std::vector<NamedService>& services, Grpc& grpc) {
  const bool limited = &grpc == &limited_grpc_;
  grpc::ServerBuilder builder;
  ConfigureBuilder(limits, services, limited ? &limited_health_ : &health_, &builder);
  if (limited) {
    gated_ = std::make_unique<GatedConnections>(
        GateLimits{.connections = static_cast<size_t>(options_.max_connections) / 2,
                   .calls = static_cast<size_t>(limits.max_threads) - kPollers,
                   .calls_of_connection = static_cast<size_t>(limits.max_streams)},
        [this] { limited_health_.WakeWatchers(); });
    grpc::ResourceQuota quota;
    quota.SetMaxThreads(limits.max_threads).Resize(kLimitedMemory);
    builder.SetResourceQuota(quota);
  }
  grpc.acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  grpc.server = builder.BuildAndStart();
  if (grpc.server == nullptr) return absl::InternalError("gRPC cannot start");
  trim_due_ = SteadyNow() + options_.trim_after;
  return absl::OkStatus();
}

void Server::ShutDownGrpc() {
  const std::pair<Grpc*, HealthService*> servers[] = {{&grpc_, &health_},
                                                      {&limited_grpc_, &limited_health_}};
  for (const auto& [grpc, health] : servers) {
    if (grpc->server == nullptr) continue;
    ShutDownServer(options_.shutdown_grace, health, grpc->server.get());
    grpc->server.reset();
  }
}

absl::Status Server::Run() {
  absl::Status status = absl::OkStatus();
  if (options_.start_grpc_at_once) status = StartGrpc(options_.limits, options_.services, grpc_);
  if (status.ok()) SdNotify("READY=1");
  trim_due_ = SteadyNow() + options_.trim_after;
  // Half of what systemd allows, so that one late wake-up is harmless.
  watchdog_period_ = WatchdogInterval() / 2;
  if (watchdog_period_ != absl::InfiniteDuration()) watchdog_due_ = SteadyNow();
  RestartIdleTimer();

  while (status.ok() && !stopping_) {
    epoll_event events[16];
    const int count = epoll_wait(epoll_.get(), events, 16, TimeoutMs());
    wakeups_.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < count && status.ok(); ++i) status = HandleEvent(events[i]);
    if (status.ok()) status = HandleDue();
  }

  // Nothing is admitted from here on. Connections in the backlog of an inherited socket wait
  // for the next instance; those of our own socket are closed.
  SdNotify("STOPPING=1");
  listener_.reset();
  if (options_.on_stop) options_.on_stop();
  ShutDownGrpc();
  return status;
}

int Server::TimeoutMs() const {
  const absl::Time due = std::min({trim_due_, idle_due_, watchdog_due_, listen_again_due_});
  if (due == absl::InfiniteFuture()) return -1;
  const int64_t left =
      absl::ToInt64Milliseconds(absl::Ceil(due - SteadyNow(), absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
}

absl::Status Server::HandleEvent(const epoll_event& event) {
  const int fd = event.data.fd;
  if (fd == listener_->fd()) return AcceptWaiting().status();
  if (fd == stop_event_.get()) {
    stopping_ = true;
  } else if (fd == signals_.get()) {
    HandleSignals();
  } else {
    ConnectionClosed(fd);
  }
  return absl::OkStatus();
}

void Server::HandleSignals() {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo != SIGHUP) {
      stopping_ = true;
    } else if (options_.on_reload) {
      options_.on_reload();
    } else {
      LogNotice("SIGHUP is ignored: this program has no configuration to reload");
    }
  }
}

absl::Status Server::HandleDue() {
  const absl::Time now = SteadyNow();
  if (now >= trim_due_) {
    trim_due_ = absl::InfiniteFuture();
    TrimStartupMemory();
  }
  if (now >= watchdog_due_) {
    watchdog_due_ = now + watchdog_period_;
    if (!options_.alive || options_.alive()) SdNotify("WATCHDOG=1");
  }
  if (now >= listen_again_due_) {
    listen_again_due_ = absl::InfiniteFuture();
    if (!Watch(listener_->fd(), EPOLLIN)) return ErrnoError(errno, "epoll");
  }
  if (now >= idle_due_) {
    // A caller may have connected just now.
    absl::StatusOr<int> admitted = AcceptWaiting();
    if (!admitted.ok()) return admitted.status();
    if (*admitted == 0 && (!options_.busy || !options_.busy())) {
      LogDebug("ending: no connection for ", absl::FormatDuration(options_.idle_exit));
      stopping_ = true;
    }
    RestartIdleTimer();
  }
  return absl::OkStatus();
}

void Server::RestartIdleTimer() {
  idle_due_ = connections_.empty() && options_.idle_exit > absl::ZeroDuration()
                  ? SteadyNow() + options_.idle_exit
                  : absl::InfiniteFuture();
}

absl::StatusOr<int> Server::AcceptWaiting() {
  int admitted_count = 0;
  for (int i = 0; i < kAcceptBatch; ++i) {
    UniqueFd connection(accept4(listener_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.ok()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) break;
      // Out of descriptors or memory: the connection stays in the queue and would wake the
      // loop again and again.
      LogLimited("accept", ErrnoError(errno, "accept").message());
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_->fd(), nullptr);
      listen_again_due_ = SteadyNow() + kListenAgainDelay;
      break;
    }
    const absl::StatusOr<bool> admitted = Admit(std::move(connection));
    if (!admitted.ok()) return admitted.status();
    if (*admitted) ++admitted_count;
  }
  return admitted_count;
}

bool Server::HasPlace(uid_t user, bool limited) {
  const int open = static_cast<int>(connections_.size());
  if (open >= options_.max_connections) {
    refused_connections_.fetch_add(1);
    LogLimited("too many connections", "refused a connection: ", open,
               " are open, which is the limit");
    return false;
  }
  if (!limited || gated_ == nullptr || gated_->HasPlace(user)) return true;
  refused_connections_.fetch_add(1);
  LogLimited("too many limited connections", "refused a connection of the user ", user,
             ", who has as many as a user may have now of those of callers with fewer rights");
  return false;
}

absl::StatusOr<bool> Server::Admit(UniqueFd connection) {
  absl::StatusOr<Peer> peer = PeerOf(connection.get());
  if (!peer.ok() || !options_.allowed.Allows(*peer)) {
    refused_connections_.fetch_add(1);
    LogLimited("caller refused", "refused a connection from ",
               peer.ok() ? peer->ToString() : std::string(peer.status().message()));
    return false;
  }
  const bool limited = options_.limited.has_value() && !options_.limited->full.Allows(*peer);
  if (!HasPlace(peer->uid, limited)) return false;
  // gRPC does not report when a connection ends. It ends its own side by shutdown(2), so the
  // duplicate keeps nothing open.
  UniqueFd watch(fcntl(connection.get(), F_DUPFD_CLOEXEC, 3));
  if (!watch.ok() || !Watch(watch.get(), EPOLLRDHUP)) {
    refused_connections_.fetch_add(1);
    LogLimited("watch", ErrnoError(errno, "cannot watch a connection").message());
    return false;
  }
  // Last, so that callers who are not allowed cannot make a small idle process a large one.
  Grpc& grpc = limited ? limited_grpc_ : grpc_;
  if (grpc.server == nullptr) {
    absl::Status status =
        limited ? StartGrpc(options_.limited->limits, options_.limited->services, grpc)
                : StartGrpc(options_.limits, options_.services, grpc);
    if (!status.ok()) return status;
  }
  if (limited) {
    absl::StatusOr<UniqueFd> gated = gated_->Add(std::move(connection), peer->uid);
    if (!gated.ok()) {
      refused_connections_.fetch_add(1);
      LogLimited("gated", "cannot serve a connection: ", gated.status().message());
      return false;
    }
    connection = *std::move(gated);
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = listener_->fd();
  parameters.fd = connection.release();
  grpc.acceptor->HandleNewConnection(&parameters);

  const int key = watch.get();
  connections_.emplace(key, std::move(watch));
  open_connections_.store(static_cast<int>(connections_.size()));
  idle_due_ = absl::InfiniteFuture();
  return true;
}

void Server::ConnectionClosed(int watch) {
  // Closing a descriptor does not take it out of epoll while gRPC has the same connection.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watch, nullptr);
  connections_.erase(watch);
  open_connections_.store(static_cast<int>(connections_.size()));
  health_.WakeWatchers();
  limited_health_.WakeWatchers();
  if (options_.on_connection_closed) options_.on_connection_closed();
  if (connections_.empty()) {
    RestartIdleTimer();
    const bool ends = idle_due_ != absl::InfiniteFuture();
    if (ends && options_.finished && options_.finished()) idle_due_ = SteadyNow();
    trim_due_ = SteadyNow() + options_.trim_after;
  }
}

}  // namespace toolboxd
