// SPDX-License-Identifier: Apache-2.0

#include "transportd/standstill_allowance.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

TEST(StandstillAllowance, UnusedTimeComesBack) {
  StandstillAllowance allowance;
  EXPECT_EQ(allowance.Take(kStart), absl::Minutes(2));
  // Another call meanwhile.
  EXPECT_EQ(allowance.Take(kStart), absl::ZeroDuration());
  allowance.GiveBack(absl::Minutes(2), absl::Seconds(5), kStart);
  EXPECT_EQ(allowance.Take(kStart), absl::Seconds(115));
}

TEST(StandstillAllowance, CallersHaveATenthOfTheTimeHoweverTheyDivideIt) {
  for (const absl::Duration each : {absl::Minutes(2), absl::Seconds(7), absl::Milliseconds(10)}) {
    StandstillAllowance allowance;
    absl::Duration sum;
    const absl::Time end = kStart + absl::Hours(2);
    for (absl::Time now = kStart; now < end;) {
      const absl::Duration taken = allowance.Take(now);
      const absl::Duration used = std::min(taken, each);
      now += std::max(used, absl::Milliseconds(10));
      if (taken == absl::ZeroDuration()) continue;
      allowance.GiveBack(taken, used, now);
      sum += used;
    }
    EXPECT_LE(sum, absl::Minutes(2 + 12 + 1)) << each;
  }
}

TEST(StandstillAllowance, ShortCallsAreFew) {
  StandstillAllowance allowance;
  int calls = 0;
  for (int i = 0; i < 10'000; ++i) {
    const absl::Duration taken = allowance.Take(kStart);
    if (taken == absl::ZeroDuration()) continue;
    allowance.GiveBack(taken, absl::ZeroDuration(), kStart);
    ++calls;
  }
  EXPECT_EQ(calls, 120);
}

}  // namespace
}  // namespace toolboxd
