// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_times.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kLeast = absl::Milliseconds(450);

class LoginTimesTest : public testing::Test {
 protected:
  void Accept(uid_t uid, absl::Duration time) { times_.Accepted(uid, time, now_); }
  absl::Duration Limit() const { return times_.Limit(now_); }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  LoginTimes times_{kLeast};
};

TEST_F(LoginTimesTest, QuickPamLeavesTheLeastLimit) {
  EXPECT_EQ(Limit(), LoginTimes::kFactorAtFirst * kLeast);
  EXPECT_TRUE(times_.IsFirst(now_));
  Accept(1000, absl::Milliseconds(80));
  EXPECT_FALSE(times_.IsFirst(now_));
  EXPECT_EQ(Limit(), kLeast);
}

TEST_F(LoginTimesTest, LimitFollowsWhatLoginsTakeUpToThreeSeconds) {
  Accept(1000, absl::Milliseconds(200));
  EXPECT_EQ(Limit(), absl::Milliseconds(600));
  Accept(1000, absl::Milliseconds(700));
  EXPECT_EQ(Limit(), absl::Milliseconds(2100));
  Accept(1000, absl::Seconds(9));
  EXPECT_EQ(Limit(), LoginTimes::kMost);
  // And back, step by step.
  for (int i = 0; i < 10; ++i) Accept(1000, absl::Milliseconds(50));
  EXPECT_EQ(Limit(), kLeast);
}

TEST_F(LoginTimesTest, OneUserWhoseLoginsAreSlowChangesNothingForOthers) {
  Accept(1000, absl::Milliseconds(80));
  for (int i = 0; i < 100; ++i) Accept(666, absl::Seconds(5));
  EXPECT_EQ(Limit(), kLeast);
  Accept(1001, absl::Milliseconds(90));
  for (int i = 0; i < 100; ++i) Accept(666, absl::Seconds(5));
  EXPECT_EQ(Limit(), kLeast);
  // Two of four are not more than half.
  Accept(667, absl::Seconds(5));
  EXPECT_EQ(Limit(), kLeast);
  Accept(668, absl::Seconds(5));
  EXPECT_EQ(Limit(), LoginTimes::kMost);
}

TEST_F(LoginTimesTest, OldLoginIsForgotten) {
  Accept(1000, absl::Seconds(2));
  EXPECT_EQ(Limit(), LoginTimes::kMost);
  now_ += LoginTimes::kLife;
  EXPECT_EQ(Limit(), LoginTimes::kFactorAtFirst * kLeast);
}

TEST_F(LoginTimesTest, UsersAreBoundedAndTheOldestIsForgottenFirst) {
  for (uid_t uid = 0; uid < LoginTimes::kMaxUsers; ++uid) {
    Accept(uid, absl::Seconds(2));
    now_ += absl::Milliseconds(1);
  }
  EXPECT_EQ(Limit(), LoginTimes::kMost);
  for (uid_t uid = 0; uid < LoginTimes::kMaxUsers; ++uid) {
    Accept(1000 + uid, absl::Milliseconds(50));
    now_ += absl::Milliseconds(1);
  }
  EXPECT_EQ(Limit(), kLeast);
}

TEST_F(LoginTimesTest, LeastLimitIsTheAdministratorsWhateverItIs) {
  LoginTimes slow(absl::Seconds(5));
  EXPECT_EQ(slow.Limit(now_), absl::Seconds(5));
  slow.Accepted(1000, absl::Milliseconds(50), now_);
  EXPECT_EQ(slow.Limit(now_), absl::Seconds(5));
}

}  // namespace
}  // namespace toolboxd
