// SPDX-License-Identifier: Apache-2.0

// LoginWaits: how long the channel waits for the logins of users whose passwords were right.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_WAITS_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_WAITS_H_

#include <sys/types.h>

#include <map>

#include "absl/time/time.h"

namespace toolboxd {

// While PAM or the user database does not answer, no other request is served, `ping` included. So
// each user has a time for such waits, which comes back as a tenth of the time that passes. A user
// who has used it up is not waited for; the login goes on. Not thread-safe.
class LoginWaits {
 public:
  // Shorter waits do not count.
  static constexpr absl::Duration kSlow = absl::Milliseconds(500);
  static constexpr int kShare = 10;

  // `most`: the time of a user who has not used any.
  explicit LoginWaits(absl::Duration most) : most_(most) {}

  // How long the user's next login may be waited for; zero if not at all.
  absl::Duration Patience(uid_t user, absl::Time now) const;
  // It has been waited for, with or without an answer.
  void Waited(uid_t user, absl::Duration time, absl::Time now);

 private:
  struct Used {
    // At the time of the last wait.
    absl::Duration time;
    absl::Time at;
  };
  static absl::Duration Left(const Used& used, absl::Time now);

  const absl::Duration most_;
  // Those who have used some.
  std::map<uid_t, Used> users_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_WAITS_H_
