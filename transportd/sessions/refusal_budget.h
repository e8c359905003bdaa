// SPDX-License-Identifier: Apache-2.0

// RefusalBudget: how much of the channel's time refused logins may take.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_REFUSAL_BUDGET_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_REFUSAL_BUDGET_H_

#include <algorithm>
#include <deque>

#include "absl/time/time.h"

namespace toolboxd {

// While a login is pending, the host's other requests wait, `ping` included. Of any 10 s, logins
// that end in a refusal take a tenth at most, whoever sends them. If one refusal takes longer than
// 1 s, the window is ten times its time instead. Not thread-safe.
class RefusalBudget {
 public:
  static constexpr absl::Duration kWindow = absl::Seconds(10);
  static constexpr int kShare = 10;

  // `refusal` is the time that one refusal takes.
  explicit RefusalBudget(absl::Duration refusal)
      : refusal_(refusal), window_(std::max(kWindow, refusal * kShare)) {}

  // Whether another refusal fits.
  bool MaySpend(absl::Time now) const;
  // A login without success held the channel from `begin` to `end`.
  void Spend(absl::Time begin, absl::Time end);

 private:
  struct Refusal {
    absl::Time begin;
    absl::Time end;
  };

  const absl::Duration refusal_;
  const absl::Duration window_;
  // Those of the last window.
  std::deque<Refusal> refusals_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_REFUSAL_BUDGET_H_
