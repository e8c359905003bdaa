// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/refusal_budget.h"

namespace toolboxd {

bool RefusalBudget::MaySpend(absl::Time now) const {
  absl::Duration spent = refusal_;
  for (const Refusal& refusal : refusals_) {
    if (refusal.end > now - window_) spent += refusal.end - refusal.begin;
  }
  return spent <= window_ / kShare;
}

void RefusalBudget::Spend(absl::Time begin, absl::Time end) {
  refusals_.push_back({begin, end});
  while (refusals_.front().end <= end - window_) refusals_.pop_front();
}

}  // namespace toolboxd
