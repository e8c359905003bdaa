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

// One request on one connection.
LoginOutcome Request(const LoginTask& task, LoginPurpose purpose, UniqueFd connection,
                     absl::Time deadline) {
  LoginOutcome outcome;
  outcome.asked = true;
  absl::StatusOr<session::SessionUser> user =
      task.opener.request(connection.get(), task.service, purpose == LoginPurpose::kVerify,
                          task.user, task.password, deadline);
  outcome.status = user.status();
  if (!user.ok()) return outcome;
  outcome.user = *std::move(user);
  if (purpose == LoginPurpose::kSession) outcome.connection = std::move(connection);
  return outcome;
}

// A connection to a process that waits for the request: the spare one, once, or a new one.
absl::StatusOr<UniqueFd> Connect(LoginTask& task, absl::Time deadline) {
  UniqueFd spare = std::move(task.spare);
  if (spare.ok() && !HasHungUp(spare.get()) &&
      task.opener.await_greeting(spare.get(), deadline).ok()) {
    return spare;
  }
  const absl::StatusOr<int> connection = task.opener.connect(task.service, deadline);
  if (!connection.ok()) return connection.status();
  UniqueFd fresh(*connection);
  const absl::Status greeted = task.opener.await_greeting(fresh.get(), deadline);
  if (!greeted.ok()) return greeted;
  return fresh;
}

LoginOutcome Ask(LoginTask& task, LoginPurpose purpose, UniqueFd connection, absl::Time deadline) {
  LoginOutcome outcome = Request(task, purpose, std::move(connection), deadline);
  // A connection that broke while it waited does not mean a refusal of the user.
  if (!absl::IsUnavailable(outcome.status)) return outcome;
  absl::StatusOr<UniqueFd> another = Connect(task, deadline);
  if (!another.ok()) return outcome;
  return Request(task, purpose, *std::move(another), deadline);
}

}  // namespace

LoginTask::~LoginTask() { Wipe(password); }

LoginOutcome RunLogin(LoginTask& task) {
  const absl::Time deadline = SteadyNow() + task.timeout;
  absl::StatusOr<UniqueFd> connection = Connect(task, deadline);
  task.ready->Notify();
  LoginOutcome outcome;
  outcome.status = connection.status();
  if (!connection.ok()) return outcome;
  const LoginPurpose purpose =
      task.rules->Check(task.user).ok() ? task.purpose : LoginPurpose::kVerify;
  outcome = Ask(task, purpose, *std::move(connection), deadline);
  if (!outcome.status.ok()) return outcome;
  outcome.permitted = task.rules->Check(outcome.user.name, outcome.user.uid);
  // The policy may know the user by another spelling of the name only.
  if (outcome.permitted.ok() && purpose != task.purpose) {
    connection = Connect(task, deadline);
    if (connection.ok()) return Ask(task, task.purpose, *std::move(connection), deadline);
    outcome.status = connection.status();
  }
  if (!outcome.permitted.ok()) outcome.connection.reset();
  return outcome;
}

}  // namespace toolboxd
