// SPDX-License-Identifier: Apache-2.0

// Connections to the processes that work as an authenticated user.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_POOL_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_POOL_H_

#include <sys/types.h>

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "grpcpp/channel.h"
#include "transportd/files/grpc_file_store.h"
#include "transportd/policy/user_rules.h"
#include "transportd/sessions/credential_hash.h"
#include "transportd/sessions/leaving_sessions.h"
#include "transportd/sessions/login.h"
#include "transportd/sessions/login_gate.h"
#include "transportd/sessions/login_times.h"
#include "transportd/sessions/login_waits.h"
#include "transportd/sessions/refusal_budget.h"
#include "transportd/sessions/session_opener.h"
#include "transportd/sessions/worker_pool.h"

namespace toolboxd {

struct SessionPoolOptions {
  // How long a login is valid before PAM is asked again.
  absl::Duration reauthentication_time = absl::Seconds(60);
  // A session that has not been used for this time is closed, and so is a spare connection.
  absl::Duration idle_close = absl::Minutes(5);
  // Open sessions of one service; the least recently used one is closed first.
  size_t max_sessions = 48;
  // Time limits of one call to a session's files, of one whose work has no bound, and of a move.
  absl::Duration timeout = absl::Seconds(5);
  absl::Duration long_timeout = absl::Seconds(15);
  absl::Duration move_timeout = absl::Seconds(15);
  // How long a login may go on, whether it is waited for or not.
  absl::Duration login_timeout = absl::Seconds(10);
  // When every refusal is answered, and how long a login is waited for whose credential PAM has not
  // accepted before; from the moment that session runs. Longer where PAM takes longer for right
  // passwords (login_times.h), and at one time the same for all: whoever waits longer for some
  // users shows which users there are.
  absl::Duration login_time = absl::Milliseconds(450);
  // How long a login is waited for whose credential PAM has accepted before; less where logins of
  // the user have been waited for lately (login_waits.h).
  absl::Duration login_wait = absl::Seconds(5);
  // What the policy says about users now; null permits every user.
  std::function<std::shared_ptr<const UserRules>()> rules;
  // Runs a task on the pool's thread after the operation has been answered: work that a user need
  // not wait for. Null for at once.
  std::function<void(std::function<void()> task)> later;
  // Waits until a time of the pool's clock. Null for SteadyNow's.
  std::function<void(absl::Time time)> wait_until;
};

// One process that works as one user. Every reference keeps its connection open: streams hold one
// until they end.
struct UserSession {
  // The user that PAM settled on, by the user database's name, which may differ from the one in a
  // credential.
  std::string user;
  uid_t uid;
  SessionService service;
  std::shared_ptr<grpc::Channel> channel;
  // The files of the session's service. A connection that fails drops the session (Drop()).
  std::shared_ptr<files::GrpcFileStore> files;
};

// Used on the channel's thread; what waits for PAM or the user database runs on others. Never
// stores a password. Must outlive its sessions. Not thread-safe.
class SessionPool {
 public:
  SessionPool(SessionOpener opener, SessionPoolOptions options,
              std::function<absl::Time()> clock = SteadyNow);
  ~SessionPool();

  // The user's session for a service: an open one of the same credential that was
  // authenticated recently, or that a verify-only request confirms; otherwise a new one. A
  // session whose process has ended is never returned, if that is known by then.
  //
  // UNAUTHENTICATED for a login that is refused, not decided within login_time(), or not tried,
  // because LoginGate holds the name back or refusals have taken their share of the time;
  // PERMISSION_DENIED for an account that may not be used; DISABLED_BY_POLICY, after the right
  // password, for a user that the policy refuses. A login that succeeds too late is kept for the
  // next call with the same credential. BUSY, after the right password, for a user whose old
  // processes of the service do not end (leaving_sessions.h).
  absl::StatusOr<std::shared_ptr<UserSession>> Get(SessionService service, absl::string_view user,
                                                   absl::string_view password);

  // Forgets a session whose connection failed or whose process hangs, and logs why; the next Get()
  // makes a new one. A session that is younger than the time limit of a call is kept if only the
  // time of this call has passed (DEADLINE_EXCEEDED): its process may still be starting.
  void Drop(const std::shared_ptr<UserSession>& session, const absl::Status& why);

  // Ends all sessions and their processes, whoever holds them.
  void EndAll();

  // Closes idle sessions and connections. To be called every few seconds.
  void Maintain();

  // An open session as the pool sees it now, the one used last first.
  struct Description {
    std::shared_ptr<const UserSession> session;
    absl::Time authenticated;
    absl::Time used;
    // Whether files or functions hold it.
    bool busy = false;
  };
  std::vector<Description> Describe() const;
  // Logins that PAM has not answered.
  size_t pending_logins() const { return logins_.size(); }
  // When a refusal would be answered now.
  absl::Duration login_time() const { return times_.Limit(clock_()); }

  // Open sessions, spare connections not counted.
  size_t size() const { return sessions_.size(); }
  bool HasSpare(SessionService service) const { return Spare(service).ok(); }

 private:
  // What the policy said about a session's user, and when.
  struct Verdict {
    std::shared_ptr<const UserRules> rules;
    absl::Time time;
  };
  struct Entry {
    std::shared_ptr<UserSession> session;
    // The session's connection once more, to see whether its process still lives. gRPC
    // shuts the connection down when it is done with it, so this does not keep it open.
    UniqueFd watch;
    // Readable when the process has ended that has the session's place at its socket.
    UniqueFd process;
    CredentialHash credential;
    absl::Time opened;
    absl::Time authenticated;
    absl::Time used;
    // The last answer, which permitted the user.
    Verdict permitted;
    // The next answer and the rules that it is about; null if none is on its way.
    std::shared_ptr<Pending<absl::Status>> look_up;
    Verdict looking_up;
  };
  using Entries = std::list<Entry>;

  struct Credential {
    absl::string_view user;
    absl::string_view password;
    CredentialHash hash;
  };
  // A login that has not ended, or whose end was not noticed yet.
  struct Login {
    SessionService service;
    LoginPurpose purpose;
    std::string user;
    CredentialHash credential;
    absl::Time started;
    std::shared_ptr<const UserRules> rules;
    std::shared_ptr<absl::Notification> ready;
    std::shared_ptr<Pending<LoginOutcome>> pending;
    // gate_ counts it as refused already.
    bool counted = false;
  };
  using Logins = std::list<Login>;
  // A user that the policy has refused: to ask PAM each time would hold up others.
  struct Denial {
    CredentialHash credential;
    std::shared_ptr<const UserRules> rules;
    absl::Time until;
    absl::Status status;
  };

  using Session = absl::StatusOr<std::shared_ptr<UserSession>>;

  Entries::iterator Find(SessionService service, const CredentialHash& credential);

  // Get() without an open session of the credential.
  Session Open(SessionService service, const Credential& credential);
  // Whether the channel may wait for a login that may be refused.
  bool MayRefuse(absl::Time now) const;
  // Asks PAM about an open session's user; may end the session.
  absl::Status Verify(Entry& entry, const Credential& credential);
  // Asks the policy about an open session's user; may end the session.
  absl::Status CheckUser(Entry& entry);
  absl::Status TakeLookUp(Entry& entry);

  // Begins a login, or finds the one that goes on already. logins_.end() if there are too many.
  Logins::iterator StartLogin(SessionService service, LoginPurpose purpose,
                              const Credential& credential, TaskOrigin origin);
  // Waits for a login, of a user whose credential PAM has accepted before if it is known. No value
  // if it goes on. Holds every failure back until its time.
  std::optional<LoginOutcome> Await(const Login& login, std::optional<uid_t> user);
  // What a login's outcome means for sessions_ and gate_.
  Session Finish(const Login& login, LoginOutcome outcome);
  absl::Status FinishVerify(const Login& login, Entry& entry, const LoginOutcome& outcome);
  // Takes the outcomes that no call has waited for.
  void FinishLateLogins();

  std::shared_ptr<UserSession> MakeSession(SessionService service, session::SessionUser user,
                                           int connection);
  // Forgets entries. Their processes count until they have ended.
  void Remove(const std::function<bool(const Entry& entry)>& matches);
  // Their processes end even if references to them are held.
  void EndSessionsOf(const CredentialHash& credential);
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
  RefusalBudget budget_;
  LoginTimes times_;
  LoginWaits waits_;
  // Most recently used first.
  Entries sessions_;
  LeavingSessions leaving_;
  Logins logins_;
  std::deque<Denial> denials_;
  UniqueFd spares_[kSessionServices];
  absl::Time service_used_[kSessionServices] = {absl::InfinitePast(), absl::InfinitePast()};
  // Last: its threads end first.
  WorkerPool workers_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_SESSION_POOL_H_
