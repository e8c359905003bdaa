// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "transportd/sessions/session_channel.h"

namespace toolboxd {
namespace {

// Every packet of a transfer asks; a directory server must not have to answer each time.
constexpr absl::Duration kVerdictAge = absl::Seconds(5);
// Users that the policy has refused after the right password.
constexpr size_t kMaxDenials = 64;

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
}

// Whether the other end is closed. What was received stays for its reader.
bool HasHungUp(int fd) {
  pollfd item{fd, POLLRDHUP, 0};
  return poll(&item, 1, 0) != 0;
}

absl::Status TooManyLogins() { return MakeError(v1::BUSY, "too many logins wait for PAM"); }

SessionPoolOptions WithDefaults(SessionPoolOptions options) {
  if (!options.rules) {
    options.rules = [rules = std::make_shared<const UserRules>()] { return rules; };
  }
  if (!options.wait_until) {
    options.wait_until = [](absl::Time time) { absl::SleepFor(time - SteadyNow()); };
  }
  return options;
}

}  // namespace

SessionPool::SessionPool(SessionOpener opener, SessionPoolOptions options,
                         std::function<absl::Time()> clock)
    : opener_(std::move(opener)),
      options_(WithDefaults(std::move(options))),
      clock_(std::move(clock)),
      times_(options_.login_time),
      waits_(options_.login_wait) {}

SessionPool::~SessionPool() = default;

SessionPool::Session SessionPool::Get(SessionService service, absl::string_view user,
                                      absl::string_view password) {
  FinishLateLogins();
  const absl::Time now = clock_();
  service_used_[static_cast<int>(service)] = now;
  const Credential credential = {user, password, hasher_.Hash(user, password)};
  const auto entry = Find(service, credential.hash);
  if (entry == sessions_.end() || HasHungUp(entry->watch.get())) return Open(service, credential);
  const absl::Status usable = now - entry->authenticated >= options_.reauthentication_time
                                  ? Verify(*entry, credential)
                                  : CheckUser(*entry);
  if (!usable.ok()) return usable;
  entry->used = now;
  sessions_.splice(sessions_.begin(), sessions_, entry);
  return sessions_.front().session;
}

SessionPool::Entries::iterator SessionPool::Find(SessionService service,
                                                 const CredentialHash& credential) {
  return std::find_if(sessions_.begin(), sessions_.end(), [&](const Entry& entry) {
    return entry.session->service == service && entry.credential == credential;
  });
}

SessionPool::Session SessionPool::Open(SessionService service, const Credential& credential) {
  const absl::Time now = clock_();
  for (const Denial& denial : denials_) {
    if (denial.credential == credential.hash && denial.rules == options_.rules() &&
        now < denial.until) {
      return denial.status;
    }
  }
  const std::optional<uid_t> user = gate_.AcceptedUser(credential.user, credential.hash);
  const TaskOrigin origin = user.has_value() ? TaskOrigin::kUser : TaskOrigin::kStranger;
  if (!gate_.MayTry(credential.user, credential.hash, now)) {
    return absl::UnauthenticatedError("refused for a while after a wrong password");
  }
  if (origin == TaskOrigin::kStranger && !MayRefuse(now)) {
    return absl::UnauthenticatedError("refused for a while after other refusals");
  }
  const auto login = StartLogin(service, LoginPurpose::kSession, credential, origin);
  if (login == logins_.end()) {
    if (origin == TaskOrigin::kUser) return TooManyLogins();
    return absl::UnauthenticatedError("refused while too many logins wait for PAM");
  }
  std::optional<LoginOutcome> outcome = Await(*login, user);
  if (!outcome.has_value()) {
    if (origin == TaskOrigin::kUser || !login->ready->HasBeenNotified()) {
      return absl::DeadlineExceededError("PAM has not answered");
    }
    // As if PAM had refused it, so that the next one takes no longer than that of an unknown user.
    gate_.Refused(login->user, login->credential, clock_());
    login->counted = true;
    return absl::UnauthenticatedError("not accepted in time");
  }
  const Login ended = std::move(*login);
  logins_.erase(login);
  return Finish(ended, *std::move(outcome));
}

bool SessionPool::MayRefuse(absl::Time now) const {
  const absl::Duration time = times_.Limit(now);
  return times_.IsFirst(now) ? budget_.MaySpendAtFirst(time, now) : budget_.MaySpend(time, now);
}

absl::Status SessionPool::Verify(Entry& entry, const Credential& credential) {
  const auto login =
      StartLogin(entry.session->service, LoginPurpose::kVerify, credential, TaskOrigin::kUser);
  if (login == logins_.end()) return TooManyLogins();
  const std::optional<LoginOutcome> outcome = Await(*login, entry.session->uid);
  if (!outcome.has_value()) return absl::DeadlineExceededError("PAM has not answered");
  const Login ended = std::move(*login);
  logins_.erase(login);
  return FinishVerify(ended, entry, *outcome);
}

absl::Status SessionPool::CheckUser(Entry& entry) {
  const absl::Time now = clock_();
  const std::shared_ptr<const UserRules> rules = options_.rules();
  if (entry.look_up != nullptr && entry.look_up->IsDone()) {
    if (absl::Status status = TakeLookUp(entry); !status.ok()) return status;
  }
  const bool known = entry.permitted.rules == rules;
  if (known && (rules->is_simple() || now - entry.permitted.time < kVerdictAge)) {
    return absl::OkStatus();
  }
  if (entry.look_up == nullptr || entry.looking_up.rules != rules) {
    entry.looking_up = {rules, now};
    entry.look_up =
        workers_.Start<absl::Status>(TaskOrigin::kUser, entry.session->user,
                                     [rules, name = entry.session->user, uid = entry.session->uid] {
                                       return rules->Check(name, uid);
                                     });
  }
  // The last answer holds while the same question is asked again.
  if (known) return absl::OkStatus();
  if (entry.look_up == nullptr) return TooManyLogins();
  const uid_t user = entry.session->uid;
  const bool answered = entry.look_up->Wait(waits_.Patience(user, now));
  waits_.Waited(user, clock_() - now, clock_());
  if (!answered) {
    return MakeError(v1::DISABLED_BY_POLICY, "the machine's user database has not answered");
  }
  return TakeLookUp(entry);
}

absl::Status SessionPool::TakeLookUp(Entry& entry) {
  absl::Status status = std::exchange(entry.look_up, nullptr)->Take();
  if (status.ok()) {
    entry.permitted = entry.looking_up;
  } else {
    EndSessionsOf(entry.credential);
  }
  return status;
}

SessionPool::Logins::iterator SessionPool::StartLogin(SessionService service, LoginPurpose purpose,
                                                      const Credential& credential,
                                                      TaskOrigin origin) {
  const auto same = std::find_if(logins_.begin(), logins_.end(), [&](const Login& login) {
    return login.service == service && login.purpose == purpose &&
           login.credential == credential.hash;
  });
  if (same != logins_.end()) return same;
  const auto task = std::make_shared<LoginTask>(credential.user, credential.password);
  task->opener = opener_;
  task->rules = options_.rules();
  task->service = service;
  task->purpose = purpose;
  task->timeout = options_.login_timeout;
  if (purpose == LoginPurpose::kSession) {
    leaving_.Sweep();
    task->crowded = leaving_.CrowdedUsers(service);
  }
  task->spare = std::move(Spare(service));
  auto pending =
      workers_.Start<LoginOutcome>(origin, task->user, [task] { return RunLogin(*task); });
  if (pending == nullptr) {
    Spare(service) = std::move(task->spare);
    return logins_.end();
  }
  logins_.push_back({service, purpose, std::string(credential.user), credential.hash, clock_(),
                     task->rules, task->ready, std::move(pending)});
  return std::prev(logins_.end());
}

std::optional<LoginOutcome> SessionPool::Await(const Login& login, std::optional<uid_t> user) {
  const absl::Time begin = clock_();
  const absl::Duration most =
      user.has_value() ? waits_.Patience(*user, begin) : options_.login_wait;
  const bool ready = login.ready->WaitForNotificationWithTimeout(most);
  const absl::Time asked = clock_();
  const absl::Duration limit = times_.Limit(asked);
  const absl::Duration rest = std::max(absl::ZeroDuration(), most - (asked - begin));
  std::optional<LoginOutcome> outcome;
  if (ready && login.pending->Wait(user.has_value() ? rest : limit)) {
    outcome = login.pending->Take();
  }
  if (user.has_value()) waits_.Waited(*user, clock_() - begin, clock_());
  KeepSpareLater(login.service);
  // Nothing is refused, and so nothing held back: whoever sends this password knows that it was
  // right.
  if (user.has_value() && !outcome.has_value()) return outcome;
  // A service that does not run says nothing about users.
  if (outcome.has_value() && !outcome->asked) return outcome;
  const bool accepted = outcome.has_value() && outcome->status.ok();
  if (!accepted) options_.wait_until(asked + limit);
  if (!accepted || !outcome->permitted.ok()) budget_.Spend(begin, clock_());
  return outcome;
}

SessionPool::Session SessionPool::Finish(const Login& login, LoginOutcome outcome) {
  const absl::Time now = clock_();
  if (!outcome.status.ok()) {
    if (IsRefusal(outcome.status) && !login.counted) {
      gate_.Refused(login.user, login.credential, now);
    }
    return outcome.status;
  }
  if (!outcome.permitted.ok()) {
    leaving_.Add(login.service, outcome.user.uid, std::move(outcome.process));
    denials_.push_front(
        {login.credential, login.rules, now + options_.reauthentication_time, outcome.permitted});
    if (denials_.size() > kMaxDenials) denials_.pop_back();
    return outcome.permitted;
  }
  gate_.Accepted(login.user, outcome.user.uid, login.credential, now);
  times_.Accepted(outcome.user.uid, outcome.time, now);
  if (outcome.crowded) {
    LogLimited("old processes", "old ", SessionServiceName(login.service),
               " processes of the user ", outcome.user.name,
               " do not end, so that the user gets no new one: end them, as with "
               "'pkill -KILL -u ",
               outcome.user.uid, " ", SessionServiceName(login.service),
               "'; session ends them within ten minutes");
    return MakeError(v1::BUSY, "old processes of the user do not end");
  }
  // One session of a service for a user, however the name was spelled.
  Remove([&](const Entry& entry) {
    return entry.session->service == login.service && entry.session->uid == outcome.user.uid;
  });
  EvictOne(login.service);
  Entry entry;
  entry.watch.reset(fcntl(outcome.connection.get(), F_DUPFD_CLOEXEC, 0));
  entry.process = std::move(outcome.process);
  entry.session = MakeSession(login.service, std::move(outcome.user), outcome.connection.release());
  entry.credential = login.credential;
  entry.opened = now;
  entry.authenticated = login.started;
  entry.used = now;
  entry.permitted = {login.rules, login.started};
  sessions_.push_front(std::move(entry));
  return sessions_.front().session;
}

absl::Status SessionPool::FinishVerify(const Login& login, Entry& entry,
                                       const LoginOutcome& outcome) {
  absl::Status status = outcome.status;
  if (status.ok() && outcome.user.uid != entry.session->uid) {
    status = absl::UnauthenticatedError("the name stands for another user now");
  }
  if (IsRefusal(status)) {
    gate_.Refused(login.user, login.credential, clock_());
    EndSessionsOf(login.credential);
    return status;
  }
  if (!status.ok()) return status;
  if (!outcome.permitted.ok()) {
    EndSessionsOf(login.credential);
    return outcome.permitted;
  }
  times_.Accepted(outcome.user.uid, outcome.time, clock_());
  entry.authenticated = login.started;
  entry.permitted = {login.rules, login.started};
  return absl::OkStatus();
}

void SessionPool::FinishLateLogins() {
  for (auto login = logins_.begin(); login != logins_.end();) {
    if (!login->pending->IsDone()) {
      ++login;
      continue;
    }
    const Login ended = std::move(*login);
    login = logins_.erase(login);
    LoginOutcome outcome = ended.pending->Take();
    if (ended.purpose == LoginPurpose::kSession) {
      if (outcome.status.ok()) {
        LogLimited("slow login", "PAM has accepted ", ended.user,
                   " after the host had its answer; the next request finds the session, and other "
                   "first logins are waited for longer. If all logins take this long here, raise "
                   "transportd's --login_time");
      }
      Finish(ended, std::move(outcome)).status().IgnoreError();
      continue;
    }
    const auto entry = Find(ended.service, ended.credential);
    if (entry != sessions_.end()) FinishVerify(ended, *entry, outcome).IgnoreError();
  }
}

std::shared_ptr<UserSession> SessionPool::MakeSession(SessionService service,
                                                      session::SessionUser user, int connection) {
  auto session = std::make_shared<UserSession>();
  session->user = std::move(user.name);
  session->uid = user.uid;
  session->service = service;
  session->channel = MakeSessionChannel(connection);
  files::GrpcFileStoreOptions options;
  options.timeout = options_.timeout;
  options.long_timeout = options_.long_timeout;
  options.move_timeout = options_.move_timeout;
  options.content_only = service == SessionService::kVixd;
  // Weak: the session holds the store.
  options.on_broken = [this, weak = std::weak_ptr<UserSession>(session)](const absl::Status& why) {
    if (const std::shared_ptr<UserSession> broken = weak.lock()) Drop(broken, why);
  };
  session->files = std::make_shared<files::GrpcFileStore>(session->channel, std::move(options));
  return session;
}

void SessionPool::Remove(const std::function<bool(const Entry& entry)>& matches) {
  sessions_.remove_if([&](Entry& entry) {
    if (!matches(entry)) return false;
    leaving_.Add(entry.session->service, entry.session->uid, std::move(entry.process));
    return true;
  });
}

void SessionPool::EndSessionsOf(const CredentialHash& credential) {
  Remove([&](const Entry& entry) {
    if (!(entry.credential == credential)) return false;
    // Open handles and functions hold the session as well, and end too.
    shutdown(entry.watch.get(), SHUT_RDWR);
    return true;
  });
}

void SessionPool::EndAll() {
  Remove([](const Entry& entry) {
    shutdown(entry.watch.get(), SHUT_RDWR);
    return true;
  });
  for (UniqueFd& spare : spares_) spare.reset();
}

std::vector<SessionPool::Description> SessionPool::Describe() const {
  std::vector<Description> descriptions;
  for (const Entry& entry : sessions_) {
    // Before the description is one more reference.
    const bool busy = entry.session.use_count() > 1;
    descriptions.push_back({entry.session, entry.authenticated, entry.used, busy});
  }
  return descriptions;
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
  // Those that do not end have places as well; a few are there besides.
  leaving_.Sweep();
  const size_t places = options_.max_sessions + LeavingSessions::kMax;
  if (open == 0) return;
  if (open < options_.max_sessions && open + leaving_.Count(service) < places) return;
  const Entry* const gone = &*(oldest_unused != sessions_.end() ? oldest_unused : oldest);
  Remove([gone](const Entry& entry) { return &entry == gone; });
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
  const auto is_of_session = [&](const Entry& entry) { return entry.session == session; };
  const auto entry = std::find_if(sessions_.begin(), sessions_.end(), is_of_session);
  // A call beside other users has less time than a service may need to start. If each call ended
  // the service that it did not wait for, none would ever get through on a slow machine.
  if (absl::IsDeadlineExceeded(why) && entry != sessions_.end() &&
      clock_() - entry->opened < options_.timeout) {
    LogLimited("slow start", SessionServiceName(session->service), " of the user ", session->user,
               " has just started and has not answered yet; the next operation asks it again");
    return;
  }
  LogWarning(SessionServiceName(session->service), " of the user ", session->user,
             " does not answer, the next operation starts it again: ", why.message());
  Remove(is_of_session);
}

void SessionPool::Maintain() {
  FinishLateLogins();
  leaving_.Sweep();
  const absl::Time now = clock_();
  Remove([&](const Entry& entry) {
    return entry.session.use_count() == 1 && now - entry.used >= options_.idle_close;
  });
  for (const SessionService service : {SessionService::kHgfsd, SessionService::kVixd}) {
    UniqueFd& spare = Spare(service);
    const bool idle = now - service_used_[static_cast<int>(service)] >= options_.idle_close;
    if (spare.ok() && (idle || HasHungUp(spare.get()))) spare.reset();
    if (!idle) KeepSpare(service);
  }
}

}  // namespace toolboxd
