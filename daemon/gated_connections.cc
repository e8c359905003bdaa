// SPDX-License-Identifier: Apache-2.0

#include "daemon/gated_connections.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/caller_share.h"
#include "daemon/sent_descriptors.h"

namespace toolboxd {
namespace {

constexpr size_t kPart = 16 << 10;
// How often calls of connections that have ended are looked at.
constexpr int kForgetMs = 100;

// Waits for a byte, for capacity, or for the end of the other side, which poll(2) reports in any
// case: again and again, so not once it is known.
pollfd Interest(int fd, bool read, bool write, bool end_is_known) {
  const int events = (read ? POLLIN : 0) | (write ? POLLOUT : 0);
  return {events == 0 && end_is_known ? -1 : fd, static_cast<short>(events), 0};
}

bool IsUnreadEnd(const pollfd& side) {
  return (side.revents & (POLLHUP | POLLERR)) != 0 && (side.events & POLLIN) == 0;
}

}  // namespace

GatedConnections::GatedConnections(GateLimits limits, std::function<void()> on_reset)
    : limits_(limits), on_reset_(std::move(on_reset)) {
  LimitSentDescriptors();
}

GatedConnections::~GatedConnections() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (!started_) return;
  }
  Wake();
  thread_.join();
}

bool GatedConnections::HasPlace(uid_t user) {
  absl::MutexLock lock(&mutex_);
  return CallerMayTake(users_.count(user), users_.size(), limits_.connections);
}

size_t GatedConnections::count() {
  absl::MutexLock lock(&mutex_);
  return users_.size();
}

absl::StatusOr<UniqueFd> GatedConnections::Add(UniqueFd caller, uid_t user) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return ErrnoError(errno, "socketpair");
  }
  UniqueFd inner(ends[0]);
  UniqueFd result(ends[1]);
  const int flags = fcntl(caller.get(), F_GETFL);
  if (flags < 0 || fcntl(caller.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return ErrnoError(errno, "O_NONBLOCK");
  }
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = Start(); !status.ok()) return status;
    added_.push_back(std::make_unique<Connection>(
        user, std::move(caller), std::move(inner),
        CallerGate(limits_.calls_of_connection,
                   [this, user](absl::Time now) { return MayCall(user, now); })));
    users_.insert(user);
  }
  Wake();
  return result;
}

absl::Status GatedConnections::Start() {
  if (started_) return absl::OkStatus();
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.ok()) return ErrnoError(errno, "eventfd");
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& error) {
    return ErrnoError(error.code().value(), "a thread for connections");
  }
  started_ = true;
  return absl::OkStatus();
}

void GatedConnections::Wake() {
  const uint64_t one = 1;
  // Fails only if the counter is full, and then the thread is about to wake.
  (void)!write(wake_.get(), &one, sizeof one);
}

void GatedConnections::Run() {
  while (TakeAdded()) {
    WaitAndMove();
    Forget();
  }
}

bool GatedConnections::TakeAdded() {
  absl::MutexLock lock(&mutex_);
  for (auto& connection : added_) connections_.push_back(std::move(connection));
  added_.clear();
  return !stopping_;
}

int GatedConnections::TimeoutMs() const {
  for (const auto& connection : connections_) {
    if (connection->has_ended || connection->end_by != absl::InfiniteFuture()) return kForgetMs;
  }
  return -1;
}

void GatedConnections::WaitAndMove() {
  std::vector<pollfd> events = {Interest(wake_.get(), true, false, false)};
  std::vector<Connection*> waiting;
  for (const auto& connection : connections_) {
    if (connection->has_ended) continue;
    const bool server_waits = !connection->to_server.rest.empty();
    const bool caller_waits = !connection->to_caller.rest.empty();
    const bool ends = connection->end_by != absl::InfiniteFuture();
    events.push_back(Interest(connection->caller.get(), !server_waits, caller_waits, ends));
    events.push_back(Interest(connection->server.get(), !caller_waits, server_waits, ends));
    waiting.push_back(connection.get());
  }
  if (poll(events.data(), events.size(), TimeoutMs()) < 0) return;
  uint64_t ignored;
  if (events[0].revents != 0) (void)!read(wake_.get(), &ignored, sizeof ignored);
  for (size_t i = 0; i < waiting.size(); ++i) {
    Serve(*waiting[i], events[1 + 2 * i], events[2 + 2 * i]);
  }
}

void GatedConnections::Serve(Connection& connection, const pollfd& caller, const pollfd& server) {
  if (connection.end_by <= SteadyNow()) return End(connection);
  if ((caller.revents | server.revents) == 0) return;
  if (IsUnreadEnd(caller) || IsUnreadEnd(server)) {
    connection.end_by = std::min(connection.end_by, SteadyNow() + kAfterEnd);
  }
  // The server's first: an end of a call makes place for the next one.
  if (Move(connection, connection.to_caller) && Move(connection, connection.to_server)) return;
  End(connection);
}

void GatedConnections::End(Connection& connection) const {
  connection.has_ended = true;
  // The caller's may have a duplicate.
  shutdown(connection.caller.get(), SHUT_RDWR);
  connection.caller.reset();
  connection.server.reset();
  on_reset_();
}

bool GatedConnections::Move(Connection& connection, Direction& direction) {
  if (!direction.rest.empty()) return Flush(direction);
  char part[kPart];
  const ssize_t size = ReceiveBytes(direction.from, part, sizeof part);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  direction.rest.assign(part, static_cast<size_t>(size));
  return Allows(connection, direction, direction.rest) && Flush(direction);
}

bool GatedConnections::Allows(Connection& connection, const Direction& direction,
                              absl::string_view part) const {
  CallerGate& gate = connection.gate;
  const uint64_t resets = gate.resets();
  absl::Status status;
  if (&direction == &connection.to_caller) {
    gate.FromServer(part, SteadyNow());
  } else {
    status = gate.FromCaller(part, SteadyNow());
  }
  if (gate.resets() != resets) on_reset_();
  if (!status.ok()) {
    LogLimited("gate", "ended a connection of the user ", connection.user,
               ", a caller with fewer rights: ", status.message());
  }
  return status.ok();
}

bool GatedConnections::MayCall(uid_t user, absl::Time now) {
  size_t own = 0;
  size_t taken = 0;
  for (const auto& connection : connections_) {
    const size_t calls = connection->gate.Calls(now);
    taken += calls;
    if (connection->user == user) own += calls;
  }
  return CallerMayTake(own, taken, limits_.calls);
}

bool GatedConnections::Flush(Direction& direction) {
  const ssize_t sent =
      send(direction.to, direction.rest.data(), direction.rest.size(), MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  direction.rest.erase(0, static_cast<size_t>(sent));
  if (direction.rest.empty()) direction.rest.shrink_to_fit();
  return true;
}

void GatedConnections::Forget() {
  const absl::Time now = SteadyNow();
  for (auto at = connections_.begin(); at != connections_.end();) {
    if (!(*at)->has_ended) {
      ++at;
      continue;
    }
    (*at)->gate.End(now);
    if ((*at)->gate.Calls(now) > 0) {
      ++at;
      continue;
    }
    absl::MutexLock lock(&mutex_);
    users_.erase(users_.find((*at)->user));
    at = connections_.erase(at);
  }
}

}  // namespace toolboxd
