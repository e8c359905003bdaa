// SPDX-License-Identifier: Apache-2.0

// Connections to the processes that work as an authenticated user.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_POOL_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_POOL_H_

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "grpcpp/channel.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/sessions/credential_hash.h"
#include "transportd/sessions/login_gate.h"

namespace toolboxd {

// What a session's process serves.
enum class SessionService { kHgfsd = 0, kVixd = 1 };
constexpr int kSessionServices = 2;

// "hgfsd", "vixd".
absl::string_view SessionServiceName(SessionService service);

// How connections are made; the two steps of session/client.h.
struct SessionOpener {
  // A connection that waits for its request. The caller owns the descriptor.
  std::function<absl::StatusOr<int>(SessionService service, absl::Time deadline)> connect;
  // Sends the request and waits for its answer; `verify` asks PAM and starts nothing.
  // UNAUTHENTICATED and PERMISSION_DENIED are refusals of the user.
  std::function<absl::Status(int connection, SessionService service, bool verify,
                             absl::string_view user, absl::string_view password,
                             absl::Time deadline)>
      request;
};

// The opener for session's sockets.
SessionOpener SocketOpener(std::string hgfsd_socket, std::string vixd_socket);

struct SessionPoolOptions {
  // How long a login is valid before PAM is asked again.
  absl::Duration reauthentication_time = absl::Seconds(60);
  // A session that has not been used for this time is closed, and so is a spare connection.
  absl::Duration idle_close = absl::Minutes(5);
  // Open sessions of one service; the least recently used one is closed first.
  size_t max_sessions = 48;
  // Time limits of one call to a session's files, and of one whose work has no bound.
  absl::Duration timeout = absl::Seconds(5);
  absl::Duration long_timeout = absl::Seconds(40);
  // Time limit of one login.
  absl::Duration login_timeout = absl::Seconds(10);
  // Runs a task on the pool's thread after the operation has been answered: work that a user need
  // not wait for. Null for at once.
  std::function<void(std::function<void()> task)> later;
};

// One process that works as one user. Every reference keeps its connection open: streams hold one
// until they end.
struct UserSession {
  std::string user;
  SessionService service;
  std::shared_ptr<grpc::Channel> channel;
  // The files of the session's service. A connection that fails drops the session from its pool.
  std::shared_ptr<files::GrpcFileStore> files;
};

// Not thread-safe: used on the channel's thread. Never stores a password. Must outlive its
// sessions.
class SessionPool {
 public:
  SessionPool(SessionOpener opener, SessionPoolOptions options,
              std::function<absl::Time()> clock = SteadyNow);
  ~SessionPool();

  // The user's session for a service: an open one of the same credential that was
  // authenticated recently, or that a verify-only request confirms; otherwise a new one. A
  // session whose process has ended is never returned, if that is known by then.
  // UNAUTHENTICATED for a wrong login, also while LoginGate holds the user back;
  // PERMISSION_DENIED for an account that may not be used.
  absl::StatusOr<std::shared_ptr<UserSession>> Get(SessionService service, absl::string_view user,
                                                   absl::string_view password);

  // Forgets a session whose connection failed or whose process hangs, and logs why; the next Get()
  // makes a new one.
  void Drop(const std::shared_ptr<UserSession>& session, const absl::Status& why);

  // Closes idle sessions and connections. To be called every few seconds.
  void Maintain();

  // Open sessions, spare connections not counted.
  size_t size() const { return sessions_.size(); }
  bool HasSpare(SessionService service) const { return Spare(service).ok(); }

 private:
  struct Entry {
    std::shared_ptr<UserSession> session;
    // The session's connection once more, to see whether its process still lives. gRPC
    // shuts the connection down when it is done with it, so this does not keep it open.
    UniqueFd watch;
    CredentialHash credential;
    absl::Time authenticated;
    absl::Time used;
  };
  using Entries = std::list<Entry>;

  // Most recently used first.
  Entries::iterator Find(SessionService service, absl::string_view user);
  absl::Status Verify(Entry& entry, absl::string_view password);
  absl::StatusOr<int> Login(SessionService service, bool verify, absl::string_view user,
                            absl::string_view password);
  std::shared_ptr<UserSession> MakeSession(SessionService service, absl::string_view user,
                                           int connection);
  absl::StatusOr<std::shared_ptr<UserSession>> Open(SessionService service, absl::string_view user,
                                                    absl::string_view password,
                                                    const CredentialHash& credential);
  // Their processes end even if references to them are held.
  void EndSessionsOf(absl::string_view user, const CredentialHash& credential);
  void EvictOne(SessionService service);
  void KeepSpare(SessionService service);
  void KeepSpareLater(SessionService service);
  UniqueFd& Spare(SessionService service) { return spares_[static_cast<int>(service)]; }
  const UniqueFd& Spare(SessionService service) const { return spares_[static_cast<int>(service)]; }

  const SessionOpener opener_;
  const SessionPoolOptions options_;
  const std::function<absl::Time()> clock_;
  const CredentialHasher hasher_;
  LoginGate gate_;
  Entries sessions_;
  UniqueFd spares_[kSessionServices];
  absl::Time service_used_[kSessionServices] = {absl::InfinitePast(), absl::InfinitePast()};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_POOL_H_
