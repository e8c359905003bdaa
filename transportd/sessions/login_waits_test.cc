// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_waits.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kMost = absl::Seconds(5);
constexpr uid_t kAlice = 1000;
constexpr uid_t kBob = 1001;

class LoginWaitsTest : public testing::Test {
 protected:
  // A login that hangs, once a second, as long as it is waited for.
  absl::Duration Hang(uid_t user) {
    const absl::Duration wait = waits_.Patience(user, now_);
    now_ += wait;
    waits_.Waited(user, wait, now_);
    now_ += absl::Seconds(1);
    return wait;
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  LoginWaits waits_{kMost};
};

TEST_F(LoginWaitsTest, UserWhoseLoginsHangHasATenthOfTheTime) {
  const absl::Time begin = now_;
  absl::Duration total;
  while (now_ - begin < absl::Hours(1)) {
    total += Hang(kAlice);
  }
  EXPECT_LT(total, absl::Hours(1) / 10 + kMost);
  EXPECT_EQ(waits_.Patience(kBob, now_), kMost);
}

TEST_F(LoginWaitsTest, OneWaitIsTheLongestAndTheTimeComesBack) {
  EXPECT_EQ(Hang(kAlice), kMost);
  EXPECT_LT(Hang(kAlice), absl::Seconds(1));
  now_ += absl::Minutes(1);
  EXPECT_EQ(Hang(kAlice), kMost);
}

// A directory server that takes a second, once a minute for each user.
TEST_F(LoginWaitsTest, SlowLoginNowAndThenIsWaitedFor) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(waits_.Patience(kAlice, now_), absl::Seconds(4));
    waits_.Waited(kAlice, absl::Seconds(1), now_);
    now_ += absl::Minutes(1);
  }
}

TEST_F(LoginWaitsTest, QuickLoginsDoNotCount) {
  for (int i = 0; i < 1000; ++i) waits_.Waited(kAlice, absl::Milliseconds(300), now_);
  EXPECT_EQ(waits_.Patience(kAlice, now_), kMost);
}

}  // namespace
}  // namespace toolboxd
