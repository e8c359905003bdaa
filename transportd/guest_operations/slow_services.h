// SPDX-License-Identifier: Apache-2.0

// SlowServices: which users' services keep the channel waiting.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_SLOW_SERVICES_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_SLOW_SERVICES_H_

#include <map>
#include <string>

#include "absl/time/time.h"

namespace toolboxd {

// While a user's service does not answer, no other request is served, `ping` included. Each slow
// request of a user is counted with its whole time, of which a tenth of the time that passes is
// forgiven. Whoever has more than the burst is refused until enough is forgiven: in the long run a
// user's slow requests take a tenth of the channel's time, however long each of them takes. And
// while others use the channel too, none of a user's ordinary requests keeps it for a second. Not
// thread-safe.
class SlowServices {
 public:
  // Below this a request is not counted: it delays others no longer than it takes itself.
  static constexpr absl::Duration kSlow = absl::Milliseconds(500);
  static constexpr int kShare = 10;
  // A user is beside others until none of them has been served for kCompany.
  static constexpr absl::Duration kCompany = absl::Seconds(10);
  static constexpr absl::Duration kBesideOthers = absl::Milliseconds(900);

  // `burst`: what is forgiven at once. The first request of a user counts for no more than that:
  // once costs one error.
  explicit SlowServices(absl::Duration burst) : burst_(burst) {}

  bool Refuses(const std::string& user, absl::Time now) const;
  // How long an ordinary request of this user may take.
  absl::Duration LimitOf(const std::string& user, absl::Time now) const;
  // A request of a user that PAM has accepted was served.
  void Served(const std::string& user, absl::Time now);
  // A request of a user that PAM has accepted kept the channel for this time.
  void Waited(const std::string& user, absl::Duration time, absl::Time now);

 private:
  struct Account {
    // What the user owed at the time of the last request.
    absl::Duration waited;
    absl::Time time;
  };
  // What is not forgiven yet.
  static absl::Duration Owed(const Account& account, absl::Time now);

  const absl::Duration burst_;
  // The users who owe something.
  std::map<std::string, Account> users_;
  // Who was served last, and when another user was.
  std::string last_user_;
  absl::Time last_time_ = absl::InfinitePast();
  absl::Time other_time_ = absl::InfinitePast();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_SLOW_SERVICES_H_
