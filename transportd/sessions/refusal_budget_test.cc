// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/refusal_budget.h"

#include <vector>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kRefusal = absl::Milliseconds(450);
const absl::Time kStart = absl::FromUnixSeconds(1000);

TEST(RefusalBudget, LimitedInAnyTenSeconds) {
  RefusalBudget budget;
  // Asked without a pause, as by clients that guess.
  std::vector<absl::Time> ends;
  for (absl::Time now = kStart; now < kStart + absl::Minutes(5);) {
    if (!budget.MaySpend(kRefusal, now)) {
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
  constexpr absl::Duration kSlow = absl::Seconds(3);
  RefusalBudget budget;
  EXPECT_TRUE(budget.MaySpend(kSlow, kStart));
  budget.Spend(kStart, kStart + kSlow);
  // After a slip.
  EXPECT_TRUE(budget.MaySpend(kSlow, kStart + kSlow));
  budget.Spend(kStart + kSlow, kStart + 2 * kSlow);
  EXPECT_FALSE(budget.MaySpend(kSlow, kStart + absl::Seconds(62)));
  EXPECT_TRUE(budget.MaySpend(kSlow, kStart + absl::Seconds(63)));
}

TEST(RefusalBudget, TenthOfTheTimeWhateverARefusalTakes) {
  for (const absl::Duration refusal : {kRefusal, absl::Milliseconds(900), absl::Seconds(5)}) {
    RefusalBudget budget;
    absl::Duration spent;
    for (absl::Time now = kStart; now < kStart + absl::Hours(1);) {
      if (budget.MaySpend(refusal, now)) {
        budget.Spend(now, now + refusal);
        spent += refusal;
        now += refusal;
      } else {
        now += absl::Milliseconds(10);
      }
    }
    EXPECT_LE(spent, absl::Hours(1) / 10 + refusal) << refusal;
    EXPECT_GE(spent, absl::Hours(1) / 12) << refusal;
  }
}

TEST(RefusalBudget, AtFirstTwoFitIntoTenSeconds) {
  constexpr absl::Duration kSlow = absl::Milliseconds(1500);
  RefusalBudget budget;
  budget.Spend(kStart, kStart + kSlow);
  EXPECT_TRUE(budget.MaySpendAtFirst(kSlow, kStart + kSlow));
  budget.Spend(kStart + kSlow, kStart + 2 * kSlow);
  EXPECT_FALSE(budget.MaySpendAtFirst(kSlow, kStart + absl::Seconds(11)));
  EXPECT_TRUE(budget.MaySpendAtFirst(kSlow, kStart + absl::Seconds(12)));
  EXPECT_FALSE(budget.MaySpend(kSlow, kStart + absl::Seconds(12)));
}

// Waits for users whose credentials were right before are not limited, and count.
TEST(RefusalBudget, WhoeverCausesThemCounts) {
  RefusalBudget budget;
  budget.Spend(kStart, kStart + absl::Seconds(5));
  EXPECT_FALSE(budget.MaySpend(kRefusal, kStart + absl::Seconds(14)));
  EXPECT_TRUE(budget.MaySpend(kRefusal, kStart + absl::Seconds(15)));
}

}  // namespace
}  // namespace toolboxd
