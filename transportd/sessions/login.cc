// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login.h"

#include <poll.h>

#include <utility>

#include "absl/status/statusor.h"
#include "base/steady_time.h"
#include "base/wipe.h"

namespace toolboxd {
namespace {

// Whether the other end is closed.
bool HasHungUp(int fd) {
  pollfd item{fd, POLLRDHUP, 0};
  return poll(&item, 1, 0) != 0;
}

// session, which waits for the request.
struct Waiting {
  UniqueFd connection;
  UniqueFd process;
};

// One request on one connection.
LoginOutcome Request(const LoginTask& task, LoginPurpose purpose, Waiting session,
                     absl::Time deadline) {
  LoginOutcome outcome;
  outcome.asked = true;
  absl::StatusOr<session::SessionUser> user =
      task.opener.request(session.connection.get(), task.service, purpose == LoginPurpose::kVerify,
                          task.user, task.password, deadline);
  outcome.status = user.status();
  if (!user.ok()) return outcome;
  outcome.user = *std::move(user);
  if (purpose == LoginPurpose::kVerify) return outcome;
  outcome.connection = std::move(session.connection);
  outcome.process = std::move(session.process);
  return outcome;
}

// The spare connection, once, or a new one.
absl::StatusOr<Waiting> Connect(LoginTask& task, absl::Time deadline) {
  UniqueFd spare = std::move(task.spare);
  if (spare.ok() && !HasHungUp(spare.get())) {
    absl::StatusOr<UniqueFd> process = task.opener.await_greeting(spare.get(), deadline);
    if (process.ok()) return Waiting{std::move(spare), *std::move(process)};
  }
  const absl::StatusOr<int> connection = task.opener.connect(task.service, deadline);
  if (!connection.ok()) return connection.status();
  UniqueFd fresh(*connection);
  absl::StatusOr<UniqueFd> process = task.opener.await_greeting(fresh.get(), deadline);
  if (!process.ok()) return process.status();
  return Waiting{std::move(fresh), *std::move(process)};
}

LoginOutcome Ask(LoginTask& task, LoginPurpose purpose, Waiting session, absl::Time deadline) {
  LoginOutcome outcome = Request(task, purpose, std::move(session), deadline);
  // A connection that broke while it waited does not mean a refusal of the user.
  if (!absl::IsUnavailable(outcome.status)) return outcome;
  absl::StatusOr<Waiting> another = Connect(task, deadline);
  if (!another.ok()) return outcome;
  return Request(task, purpose, *std::move(another), deadline);
}

// Whether it is known before PAM is asked that this login may have a process.
bool MayStart(const LoginTask& task) {
  return task.crowded.empty() && task.rules->Check(task.user).ok();
}

}  // namespace

LoginTask::~LoginTask() { Wipe(password); }

LoginOutcome RunLogin(LoginTask& task) {
  const absl::Time deadline = SteadyNow() + task.timeout;
  absl::StatusOr<Waiting> session = Connect(task, deadline);
  task.ready->Notify();
  LoginOutcome outcome;
  outcome.status = session.status();
  if (!session.ok()) return outcome;
  const LoginPurpose purpose = MayStart(task) ? task.purpose : LoginPurpose::kVerify;
  const absl::Time begin = SteadyNow();
  outcome = Ask(task, purpose, *std::move(session), deadline);
  outcome.time = SteadyNow() - begin;
  if (!outcome.status.ok()) return outcome;
  outcome.permitted = task.rules->Check(outcome.user.name, outcome.user.uid);
  outcome.crowded = task.crowded.count(outcome.user.uid) != 0;
  // The policy may know the user by another spelling of the name only, and others be crowded.
  if (outcome.permitted.ok() && !outcome.crowded && purpose != task.purpose) {
    session = Connect(task, deadline);
    if (session.ok()) {
      const absl::Duration time = outcome.time;
      outcome = Ask(task, task.purpose, *std::move(session), deadline);
      outcome.time = time;
      return outcome;
    }
    outcome.status = session.status();
  }
  if (!outcome.permitted.ok()) outcome.connection.reset();
  return outcome;
}

}  // namespace toolboxd
