// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/refusal_budget.h"

#include <vector>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kRefusal = absl::Milliseconds(450);
const absl::Time kStart = absl::FromUnixSeconds(1000);

TEST(RefusalBudget, LimitedInAnyTenSeconds) {
  RefusalBudget budget(kRefusal);
  // Asked without a pause, as by clients that guess.
  std::vector<absl::Time> ends;
  for (absl::Time now = kStart; now < kStart + absl::Minutes(5);) {
    if (!budget.MaySpend(now)) {
      now += absl::Milliseconds(1);
      continue;
    }
    // A little late, as on any machine.
    budget.Spend(now, now + kRefusal + absl::Milliseconds(7));
    now += kRefusal + absl::Milliseconds(7);
    ends.push_back(now);
  }
  for (const absl::Time end : ends) {
    absl::Duration spent;
    for (const absl::Time other : ends) {
      if (other <= end && other > end - absl::Seconds(10))
        spent += kRefusal + absl::Milliseconds(7);
    }
    EXPECT_LE(spent, absl::Seconds(1));
  }
  // And it is used: two in each window.
  EXPECT_GE(ends.size(), 55u);
}

TEST(RefusalBudget, SlowRefusalsAreRarer) {
  RefusalBudget budget(absl::Seconds(3));
  EXPECT_TRUE(budget.MaySpend(kStart));
  budget.Spend(kStart, kStart + absl::Seconds(3));
  EXPECT_FALSE(budget.MaySpend(kStart + absl::Seconds(32)));
  EXPECT_TRUE(budget.MaySpend(kStart + absl::Seconds(33)));
}

// Waits for users whose credentials were right before are not limited, and count.
TEST(RefusalBudget, WhoeverCausesThemCounts) {
  RefusalBudget budget(kRefusal);
  budget.Spend(kStart, kStart + absl::Seconds(5));
  EXPECT_FALSE(budget.MaySpend(kStart + absl::Seconds(14)));
  EXPECT_TRUE(budget.MaySpend(kStart + absl::Seconds(15)));
}

}  // namespace
}  // namespace toolboxd
