// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/refusal_budget.h"

#include <algorithm>

namespace toolboxd {

bool RefusalBudget::MaySpend(absl::Duration refusal, absl::Time now) const {
  const absl::Duration window = std::clamp(2 * kShare * refusal, kWindow, kLongestWindow);
  return Spent(now - window) + refusal <= window / kShare;
}

bool RefusalBudget::MaySpendAtFirst(absl::Duration refusal, absl::Time now) const {
  return MaySpend(refusal, now) || Spent(now - kWindow) <= refusal;
}

absl::Duration RefusalBudget::Spent(absl::Time since) const {
  absl::Duration spent;
  for (const Refusal& refusal : refusals_) {
    if (refusal.end > since) spent += refusal.end - refusal.begin;
  }
  return spent;
}

void RefusalBudget::Spend(absl::Time begin, absl::Time end) {
  refusals_.push_back({begin, end});
  while (refusals_.front().end <= end - kLongestWindow) refusals_.pop_front();
}

}  // namespace toolboxd
