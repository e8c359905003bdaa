// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login_gate.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr uid_t kAlice = 1000;

class LoginGateTest : public testing::Test {
 protected:
  CredentialHash Right() { return hasher_.Hash("alice", "right"); }
  CredentialHash Wrong() { return hasher_.Hash("alice", "wrong"); }

  CredentialHasher hasher_;
  LoginGate gate_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
};

TEST_F(LoginGateTest, NewUserMayTry) { EXPECT_TRUE(gate_.MayTry("alice", Wrong(), now_)); }

TEST_F(LoginGateTest, SlipIsCorrectedAtOnce) {
  gate_.Refused("alice", Wrong(), now_);
  EXPECT_TRUE(gate_.MayTry("alice", Right(), now_));
  gate_.Accepted("alice", kAlice, Right(), now_);
  gate_.Refused("alice", Wrong(), now_);
  EXPECT_TRUE(gate_.MayTry("alice", Wrong(), now_));
}

TEST_F(LoginGateTest, SecondWrongPasswordRefusesThatUserOnly) {
  gate_.Refused("alice", Wrong(), now_);
  gate_.Refused("alice", Wrong(), now_);
  EXPECT_FALSE(gate_.MayTry("alice", Right(), now_ + absl::Milliseconds(1999)));
  EXPECT_TRUE(gate_.MayTry("bob", Wrong(), now_));
  EXPECT_TRUE(gate_.MayTry("alice", Right(), now_ + absl::Seconds(2)));
}

TEST_F(LoginGateTest, DelayGrowsToItsLimit) {
  gate_.Refused("alice", Wrong(), now_);
  for (const int seconds : {2, 4, 8, 16, 30, 30, 30}) {
    gate_.Refused("alice", Wrong(), now_);
    EXPECT_FALSE(
        gate_.MayTry("alice", Wrong(), now_ + absl::Seconds(seconds) - absl::Milliseconds(1)));
    now_ += absl::Seconds(seconds);
    EXPECT_TRUE(gate_.MayTry("alice", Wrong(), now_));
  }
}

TEST_F(LoginGateTest, SuccessResetsTheDelay) {
  gate_.Refused("alice", Wrong(), now_);
  gate_.Refused("alice", Wrong(), now_);
  gate_.Accepted("alice", kAlice, Right(), now_);
  for (int i = 0; i < 2; ++i) gate_.Refused("alice", Wrong(), now_);
  EXPECT_FALSE(gate_.MayTry("alice", Wrong(), now_));
  EXPECT_TRUE(gate_.MayTry("alice", Wrong(), now_ + absl::Seconds(2)));
}

TEST_F(LoginGateTest, AcceptedCredentialIsNeverHeldBack) {
  gate_.Accepted("alice", kAlice, Right(), now_);
  for (int i = 0; i < 2; ++i) gate_.Refused("alice", Wrong(), now_);
  EXPECT_TRUE(gate_.MayTry("alice", Right(), now_));
  EXPECT_FALSE(gate_.MayTry("alice", Wrong(), now_));
  gate_.Refused("alice", Right(), now_);
  EXPECT_FALSE(gate_.MayTry("alice", Right(), now_));
}

TEST_F(LoginGateTest, FailuresAreForgottenAfterAWhile) {
  for (int i = 0; i < 5; ++i) gate_.Refused("alice", Wrong(), now_);
  now_ += absl::Minutes(11);
  gate_.Refused("alice", Wrong(), now_);
  EXPECT_TRUE(gate_.MayTry("alice", Wrong(), now_ + absl::Seconds(2)));
}

TEST_F(LoginGateTest, GuessedNamesAreBoundedAndDisplaceNoAcceptedCredential) {
  gate_.Accepted("alice", kAlice, Right(), now_);
  for (size_t i = 0; i < 3 * LoginGate::kMaxNames; ++i) {
    gate_.Refused(absl::StrCat("user", i), Wrong(), now_ + absl::Milliseconds(i + 1));
  }
  EXPECT_EQ(gate_.names(), LoginGate::kMaxNames);
  EXPECT_TRUE(gate_.IsAccepted("alice", Right()));
}

TEST_F(LoginGateTest, AcceptedCredentialsAreBounded) {
  for (size_t i = 0; i < 3 * LoginGate::kMaxAccepted; ++i) {
    gate_.Accepted(absl::StrCat("user", i), kAlice + i, Right(), now_ + absl::Milliseconds(i));
  }
  EXPECT_EQ(gate_.accepted(), LoginGate::kMaxAccepted);
}

// Databases that ignore case have thousands of spellings of a name.
TEST_F(LoginGateTest, SpellingsOfOneNameLeavePlacesToOthers) {
  gate_.Accepted("bob", kAlice + 1, Right(), now_);
  for (size_t i = 0; i < 2 * LoginGate::kMaxAccepted; ++i) {
    gate_.Accepted(absl::StrCat("alice", i), kAlice, Right(), now_ + absl::Milliseconds(i + 1));
  }
  EXPECT_EQ(gate_.accepted(), 1 + LoginGate::kMaxAcceptedOfUser);
  EXPECT_TRUE(gate_.IsAccepted("bob", Right()));
}

}  // namespace
}  // namespace toolboxd
