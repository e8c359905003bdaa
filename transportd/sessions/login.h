// SPDX-License-Identifier: Apache-2.0

// One login, from the look-up of the user's name to the connection.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_H_

#include <sys/types.h>

#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "session/client.h"
#include "transportd/policy/user_rules.h"
#include "transportd/sessions/session_opener.h"

namespace toolboxd {

enum class LoginPurpose {
  // A process that works as the user.
  kSession,
  // PAM's opinion on a user who has one.
  kVerify,
};

// Owns everything that the login needs. The password is overwritten at the end.
struct LoginTask {
  LoginTask(absl::string_view user, absl::string_view password) : user(user), password(password) {}
  LoginTask(const LoginTask&) = delete;
  LoginTask& operator=(const LoginTask&) = delete;
  ~LoginTask();

  SessionOpener opener;
  std::shared_ptr<const UserRules> rules;
  SessionService service = SessionService::kHgfsd;
  LoginPurpose purpose = LoginPurpose::kSession;
  std::string user;
  std::string password;
  // Users who get no further process of the service (transportd/sessions/leaving_sessions.h).
  std::set<uid_t> crowded;
  // A connection that waits for its request, if there is one.
  UniqueFd spare;
  absl::Duration timeout;
  // Notified when the process runs that asks PAM, or none was started. What takes time before says
  // nothing about the user.
  const std::shared_ptr<absl::Notification> ready = std::make_shared<absl::Notification>();
};

struct LoginOutcome {
  // UNAUTHENTICATED and PERMISSION_DENIED: PAM's refusals.
  absl::Status status;
  // Whether session got the request.
  bool asked = false;
  // From LoginTask::ready to PAM's answer.
  absl::Duration time;
  // What follows counts if `status` is OK. The user that PAM settled on.
  session::SessionUser user;
  // What the policy says about that user; refusals carry DISABLED_BY_POLICY.
  absl::Status permitted;
  // Whether that user is one of `crowded`.
  bool crowded = false;
  // For kSession, if the user is permitted and not crowded.
  UniqueFd connection;
  // For kSession, whether permitted or not: readable when the process of `user` that was started
  // has ended.
  UniqueFd process;
};

// Waits for session, for the user database and for PAM. PAM is asked first: what the policy says
// about a user is for those who have the password. Users that the policy refuses get no process,
// nor do those who are crowded.
LoginOutcome RunLogin(LoginTask& task);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_H_
