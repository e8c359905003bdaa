// SPDX-License-Identifier: Apache-2.0

// LoginTimes: how long PAM takes for logins that succeed.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_TIMES_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_TIMES_H_

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <vector>

#include "absl/time/time.h"

namespace toolboxd {

// From it follows when refusals are answered, and so how long a login is waited for whose
// credential PAM has not accepted before: a right password must not be refused because the machine
// or a directory server is slow. Only right passwords count, and of each user one time; the limit
// goes by the user in the middle, the quicker one of two. So whoever has a password and makes the
// own logins slow makes no other user's refusals slow, unless more than half of the users do. Not
// thread-safe.
class LoginTimes {
 public:
  // The limit is this many times what the user in the middle takes, and no more than kMost, unless
  // the least one is more.
  static constexpr int kFactor = 3;
  static constexpr absl::Duration kMost = absl::Seconds(3);
  // Before a login has succeeded, the limit is this many times the least one.
  static constexpr int kFactorAtFirst = 2;
  // A user who has not logged in for this time, or longer ago than this many others, is forgotten.
  static constexpr absl::Duration kLife = absl::Hours(1);
  static constexpr size_t kMaxUsers = 32;

  // `least`: what is waited for where PAM is quick.
  explicit LoginTimes(absl::Duration least) : least_(least) {}

  // PAM took this time to accept a password of the user.
  void Accepted(uid_t uid, absl::Duration time, absl::Time now);
  absl::Duration Limit(absl::Time now) const;
  // Whether no login has succeeded within kLife: no user is held up by refusals.
  bool IsFirst(absl::Time now) const { return Lately(now).empty(); }

 private:
  struct User {
    // The longest time lately: half of what is more than the last one is forgotten with it.
    absl::Duration time;
    absl::Time seen;
  };

  std::vector<absl::Duration> Lately(absl::Time now) const;

  const absl::Duration least_;
  std::map<uid_t, User> users_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_TIMES_H_
