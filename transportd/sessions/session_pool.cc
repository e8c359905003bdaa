// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "base/log.h"
#include "base/steady_time.h"
#include "session/client.h"
#include "transportd/sessions/session_channel.h"

namespace toolboxd {
namespace {

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
}

// Whether the other end is closed: a spare connection receives nothing before its request.
bool IsDead(int fd) {
  pollfd item{fd, POLLIN | POLLRDHUP, 0};
  return poll(&item, 1, 0) != 0;
}

// The same for a connection that gRPC reads: received bytes are gRPC's.
bool HasHungUp(int fd) {
  pollfd item{fd, POLLRDHUP, 0};
  return poll(&item, 1, 0) != 0;
}

}  // namespace

absl::string_view SessionServiceName(SessionService service) {
  return service == SessionService::kHgfsd ? "hgfsd" : "vixd";
}

SessionOpener SocketOpener(std::string hgfsd_socket, std::string vixd_socket) {
  SessionOpener opener;
  opener.connect = [hgfsd = std::move(hgfsd_socket), vixd = std::move(vixd_socket)](
                       SessionService service, absl::Time deadline) {
    return session::ConnectSession(service == SessionService::kHgfsd ? hgfsd : vixd, deadline);
  };
  opener.request = [](int connection, SessionService service, bool verify, absl::string_view user,
                      absl::string_view password, absl::Time deadline) {
    return session::RequestSession(connection, verify ? "verify" : SessionServiceName(service),
                                   user, password, deadline);
  };
  return opener;
}

SessionPool::SessionPool(SessionOpener opener, SessionPoolOptions options,
                         std::function<absl::Time()> clock)
    : opener_(std::move(opener)), options_(std::move(options)), clock_(std::move(clock)) {}

SessionPool::~SessionPool() = default;

absl::StatusOr<std::shared_ptr<UserSession>> SessionPool::Get(SessionService service,
                                                              absl::string_view user,
                                                              absl::string_view password) {
  const absl::Time now = clock_();
  service_used_[static_cast<int>(service)] = now;
  const CredentialHash credential = hasher_.Hash(user, password);
  const auto entry = Find(service, user);
  if (entry == sessions_.end() || !(entry->credential == credential) ||
      HasHungUp(entry->watch.get())) {
    return Open(service, user, password, credential);
  }
  if (now - entry->authenticated >= options_.reauthentication_time) {
    const absl::Status verified = Verify(*entry, password);
    if (IsRefusal(verified)) {
      gate_.Refused(user, credential, now);
      EndSessionsOf(user, credential);
    }
    KeepSpareLater(service);
    if (!verified.ok()) return verified;
  }
  entry->used = now;
  sessions_.splice(sessions_.begin(), sessions_, entry);
  return sessions_.front().session;
}

SessionPool::Entries::iterator SessionPool::Find(SessionService service, absl::string_view user) {
  auto entry = sessions_.begin();
  while (entry != sessions_.end() &&
         (entry->session->service != service || entry->session->user != user)) {
    ++entry;
  }
  return entry;
}

absl::Status SessionPool::Verify(Entry& entry, absl::string_view password) {
  absl::StatusOr<int> connection =
      Login(entry.session->service, /*verify=*/true, entry.session->user, password);
  if (!connection.ok()) return connection.status();
  UniqueFd done(*connection);
  entry.authenticated = clock_();
  return absl::OkStatus();
}

absl::StatusOr<int> SessionPool::Login(SessionService service, bool verify, absl::string_view user,
                                       absl::string_view password) {
  const absl::Time deadline = SteadyNow() + options_.login_timeout;
  UniqueFd spare(Spare(service).release());
  if (spare.ok() && !IsDead(spare.get())) {
    const absl::Status status =
        opener_.request(spare.get(), service, verify, user, password, deadline);
    if (status.ok()) return spare.release();
    // A spare connection that broke while it waited does not mean a refusal of the user.
    if (!absl::IsUnavailable(status)) return status;
  }
  absl::StatusOr<int> connection = opener_.connect(service, deadline);
  if (!connection.ok()) return connection;
  UniqueFd fresh(*connection);
  const absl::Status status =
      opener_.request(fresh.get(), service, verify, user, password, deadline);
  if (!status.ok()) return status;
  return fresh.release();
}

absl::StatusOr<std::shared_ptr<UserSession>> SessionPool::Open(SessionService service,
                                                               absl::string_view user,
                                                               absl::string_view password,
                                                               const CredentialHash& credential) {
  if (!gate_.MayTry(user, credential, clock_())) {
    return absl::UnauthenticatedError("refused for a while after a wrong password");
  }
  absl::StatusOr<int> connection = Login(service, /*verify=*/false, user, password);
  const absl::Time now = clock_();
  if (!connection.ok()) {
    if (IsRefusal(connection.status())) gate_.Refused(user, credential, now);
    KeepSpareLater(service);
    return connection.status();
  }
  gate_.Accepted(user, credential, now);

  const auto old = Find(service, user);
  if (old != sessions_.end()) sessions_.erase(old);
  EvictOne(service);
  UniqueFd watch(fcntl(*connection, F_DUPFD_CLOEXEC, 0));
  std::shared_ptr<UserSession> session = MakeSession(service, user, *connection);
  sessions_.push_front({session, std::move(watch), credential, now, now});
  KeepSpareLater(service);
  return session;
}

std::shared_ptr<UserSession> SessionPool::MakeSession(SessionService service,
                                                      absl::string_view user, int connection) {
  auto session = std::make_shared<UserSession>();
  session->user = std::string(user);
  session->service = service;
  session->channel = MakeSessionChannel(connection);
  files::GrpcFileStoreOptions options;
  options.timeout = options_.timeout;
  options.long_timeout = options_.long_timeout;
  options.content_only = service == SessionService::kVixd;
  // Weak: the session holds the store.
  options.on_broken = [this, weak = std::weak_ptr<UserSession>(session)](const absl::Status& why) {
    if (const std::shared_ptr<UserSession> broken = weak.lock()) Drop(broken, why);
  };
  session->files = std::make_shared<files::GrpcFileStore>(session->channel, std::move(options));
  return session;
}

void SessionPool::EndSessionsOf(absl::string_view user, const CredentialHash& credential) {
  sessions_.remove_if([&](const Entry& entry) {
    if (entry.session->user != user || !(entry.credential == credential)) return false;
    // Open handles and functions hold the session as well, and end too.
    shutdown(entry.watch.get(), SHUT_RDWR);
    return true;
  });
}

void SessionPool::EvictOne(SessionService service) {
  size_t open = 0;
  auto oldest = sessions_.end();
  auto oldest_unused = sessions_.end();
  for (auto entry = sessions_.begin(); entry != sessions_.end(); ++entry) {
    if (entry->session->service != service) continue;
    ++open;
    oldest = entry;
    // Held only here: no stream is open on it.
    if (entry->session.use_count() == 1) oldest_unused = entry;
  }
  if (open < options_.max_sessions) return;
  sessions_.erase(oldest_unused != sessions_.end() ? oldest_unused : oldest);
}

void SessionPool::KeepSpare(SessionService service) {
  if (Spare(service).ok()) return;
  absl::StatusOr<int> connection = opener_.connect(service, SteadyNow() + absl::Seconds(1));
  if (connection.ok()) Spare(service).reset(*connection);
}

void SessionPool::KeepSpareLater(SessionService service) {
  if (!options_.later) return KeepSpare(service);
  options_.later([this, service] { KeepSpare(service); });
}

void SessionPool::Drop(const std::shared_ptr<UserSession>& session, const absl::Status& why) {
  LogWarning(SessionServiceName(session->service), " of the user ", session->user,
             " does not answer, the next operation starts it again: ", why.message());
  sessions_.remove_if([&](const Entry& entry) { return entry.session == session; });
}

void SessionPool::Maintain() {
  const absl::Time now = clock_();
  sessions_.remove_if([&](const Entry& entry) {
    return entry.session.use_count() == 1 && now - entry.used >= options_.idle_close;
  });
  for (const SessionService service : {SessionService::kHgfsd, SessionService::kVixd}) {
    UniqueFd& spare = Spare(service);
    const bool idle = now - service_used_[static_cast<int>(service)] >= options_.idle_close;
    if (spare.ok() && (idle || IsDead(spare.get()))) spare.reset();
    if (!idle) KeepSpare(service);
  }
}

}  // namespace toolboxd
