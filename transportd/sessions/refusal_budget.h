// SPDX-License-Identifier: Apache-2.0

// RefusalBudget: how much of the channel's time refused logins may take.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_REFUSAL_BUDGET_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_REFUSAL_BUDGET_H_

#include <deque>

#include "absl/time/time.h"

namespace toolboxd {

// While a login is pending, the host's other requests wait, `ping` included. Of any 10 s, logins
// that end in a refusal take a tenth at most, whoever sends them. If a refusal takes longer than
// half a second, the window is twenty times its time instead: after a slip the right password is
// tried. Not thread-safe.
class RefusalBudget {
 public:
  static constexpr absl::Duration kWindow = absl::Seconds(10);
  // The window after the longest refusal, 5 s.
  static constexpr absl::Duration kLongestWindow = absl::Seconds(100);
  static constexpr int kShare = 10;

  // Whether another refusal fits, which takes the time `refusal`.
  bool MaySpend(absl::Duration refusal, absl::Time now) const;
  // The same where no user is logged in, who could be held up by refusals: two in each 10 s.
  bool MaySpendAtFirst(absl::Duration refusal, absl::Time now) const;
  // A login without success held the channel from `begin` to `end`.
  void Spend(absl::Time begin, absl::Time end);

 private:
  struct Refusal {
    absl::Time begin;
    absl::Time end;
  };

  absl::Duration Spent(absl::Time since) const;

  // The refusals of the longest window.
  std::deque<Refusal> refusals_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_REFUSAL_BUDGET_H_
