// SPDX-License-Identifier: Apache-2.0

// How long right and wrong passwords take, also where PAM is slow or hangs.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/sessions/testing/session_pool_fixture.h"
#include "transportd/sessions/worker_pool.h"

namespace toolboxd {
namespace {

using SessionPoolLoginsTest = SessionPoolTest;

TEST_F(SessionPoolLoginsTest, WrongPasswordHoldsThatUserBackWithoutAskingPam) {
  EXPECT_FALSE(Get("alice", "x").ok());
  EXPECT_FALSE(Get("alice", "y").ok());
  const int asked = session_.logins;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "x").status()));
  }
  EXPECT_EQ(session_.logins, asked);
  // Then refusals have no more than their part of the time either.
  now_ += absl::Seconds(20);
  EXPECT_TRUE(Get("bob", "b").ok());
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolLoginsTest, RightPasswordAfterASlipIsAcceptedAtOnce) {
  EXPECT_FALSE(Get("alice", "x").ok());
  EXPECT_TRUE(Get("alice", "a").ok());
}

// The review of issue 12, M7: with a new name each time the gate never acts.
TEST_F(SessionPoolLoginsTest, GuessesWithEverNewNamesTakeATenthOfTheTime) {
  ASSERT_TRUE(Get("alice", "a").ok());
  const absl::Duration refusal = Pool().login_time();
  const absl::Time start = now_;
  absl::Duration held;
  for (int i = 0; now_ < start + absl::Seconds(100); ++i) {
    const absl::Time begin = now_;
    EXPECT_TRUE(absl::IsUnauthenticated(Get(absl::StrCat("guess", i), "x").status()));
    held += now_ - begin;
    EXPECT_TRUE(Get("alice", "a").ok());
    now_ += absl::Milliseconds(1);
  }
  EXPECT_GT(held, absl::Seconds(8));
  EXPECT_LE(held, absl::Seconds(9) + 2 * refusal);
  EXPECT_LE(session_.logins, 1 + 20);
}

TEST_F(SessionPoolLoginsTest, RefusalsLeaveAtOneTime) {
  session_.passwords["slow"] = "s";
  const absl::Duration refusal = Pool().login_time();
  std::vector<absl::Duration> times;
  const auto refuse = [&](const std::string& user) {
    now_ += absl::Minutes(1);
    const absl::Time begin = now_;
    EXPECT_TRUE(absl::IsUnauthenticated(Get(user, "x").status()));
    times.push_back(now_ - begin);
  };
  // Again and again, while the first ones count.
  const auto refuse_twice = [&](const std::string& user) {
    refuse(user);
    absl::Time begin = now_;
    EXPECT_FALSE(Get(user, "w").ok());
    EXPECT_EQ(now_ - begin, refusal);
    begin = now_;
    EXPECT_FALSE(Get(user, "y").ok());
    EXPECT_EQ(now_, begin);
  };
  const auto refuse_later = [&](const std::string& user) {
    const absl::Time begin = now_;
    now_ += absl::Seconds(20);
    EXPECT_FALSE(Get(user, "z").ok());
    EXPECT_EQ(now_ - begin, absl::Seconds(20) + refusal);
    // The third refusal counts twice as long as the second.
    now_ += absl::Seconds(3);
    EXPECT_FALSE(Get(user, "z").ok());
    EXPECT_EQ(now_ - begin, absl::Seconds(23) + refusal);
  };
  for (const char* user : {"alice", "nobody"}) {
    refuse_twice(user);
    refuse_later(user);
  }
  // A hash may take seconds.
  session_.Block();
  refuse_twice("slow");
  session_.Release();
  EXPECT_EQ(times, std::vector<absl::Duration>(3, refusal));
}

// A busy machine, or a directory server: what PAM takes for right passwords is waited for.
TEST_F(SessionPoolLoginsTest, RightPasswordsAreWaitedForWherePamIsSlow) {
  options_.login_time = absl::Milliseconds(20);
  session_.pam = absl::Milliseconds(400);
  for (const char* user : {"carol", "dave"}) session_.passwords[user] = "p";
  // No login has shown it yet.
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "a").status()));
  ASSERT_TRUE(GetWithin("alice", "a"));
  EXPECT_GE(Pool().login_time(), absl::Milliseconds(1200));
  EXPECT_TRUE(Get("bob", "b").ok());
  EXPECT_TRUE(Get("carol", "p").ok());
  EXPECT_TRUE(Get("dave", "p").ok());
  EXPECT_EQ(session_.logins, 4);
  // Refusals leave at one time all the same, and take a tenth of it.
  session_.pam = absl::ZeroDuration();
  const absl::Duration refusal = Pool().login_time();
  const absl::Time begin = now_;
  absl::Duration held;
  for (int i = 0; now_ < begin + absl::Minutes(10); ++i) {
    now_ += absl::Seconds(1);
    const absl::Time asked = now_;
    EXPECT_FALSE(Get(i % 2 == 0 ? absl::StrCat("guess", i) : "alice", absl::StrCat(i)).ok());
    if (now_ != asked) {
      EXPECT_EQ(now_ - asked, refusal);
    }
    held += now_ - asked;
  }
  EXPECT_GT(held, absl::Seconds(40));
  EXPECT_LE(held, absl::Seconds(60) + 2 * refusal);
}

// P8.
TEST_F(SessionPoolLoginsTest, WrongPasswordsThatHangTakeNoPlaceOfTheirUsers) {
  options_.login_time = absl::Milliseconds(5);
  ASSERT_TRUE(GetWithin("alice", "a"));
  Pool().EndAll();
  session_.Block();
  for (const char* wrong : {"x", "y", "z"}) {
    EXPECT_FALSE(Get("alice", wrong).ok());
    now_ += absl::Minutes(1);
  }
  auto held = session_.Unblock();
  EXPECT_TRUE(Get("alice", "a").ok());
  held->Notify();
}

TEST_F(SessionPoolLoginsTest, RightPasswordThatTookTooLongIsKeptForTheNextRequest) {
  options_.login_time = absl::Milliseconds(50);
  session_.Block();
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "a").status()));
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "a").status()));
  // The second request waited for the same login.
  EXPECT_EQ(session_.logins, 1);
  session_.Release();
  absl::StatusOr<std::shared_ptr<UserSession>> session;
  do {
    now_ += absl::Seconds(1);
    session = Get("alice", "a");
  } while (!session.ok());
  EXPECT_EQ(session_.logins, 1);
  // And not for another password.
  EXPECT_FALSE(Get("alice", "x").ok());
  // From now on it is known that this password is right: its logins are waited for.
  Pool().EndAll();
  session_.Block();
  std::thread release([this] { session_.Release(); });
  EXPECT_TRUE(Get("alice", "a").ok());
  release.join();
}

TEST_F(SessionPoolLoginsTest, TimeOfALoginBeginsWhenSessionRuns) {
  options_.login_time = absl::Milliseconds(150);
  session_.start = absl::Milliseconds(300);
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolLoginsTest, LoginsThatHangLeavePlacesToUsersWhoWereHere) {
  options_.login_time = absl::Milliseconds(5);
  ASSERT_TRUE(GetWithin("alice", "a"));
  Pool().EndAll();
  session_.Block();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(Get(absl::StrCat("guess", i), "x").ok());
    now_ += absl::Minutes(1);
  }
  EXPECT_EQ(session_.logins, 1 + static_cast<int>(WorkerPool::kMaxTasksOfStrangers));
  // The others keep waiting.
  auto held = session_.Unblock();
  EXPECT_TRUE(Get("alice", "a").ok());
  held->Notify();
}

TEST_F(SessionPoolLoginsTest, VerificationThatIsNotAnsweredInTimeGoesOn) {
  ASSERT_TRUE(Get("alice", "a").ok());
  options_.login_wait = absl::Milliseconds(20);
  Restart();
  ASSERT_TRUE(GetWithin("alice", "a"));
  now_ += options_.reauthentication_time;
  session_.Block();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Get("alice", "a").status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Get("alice", "a").status()));
  EXPECT_EQ(session_.verifies, 1);
  // What PAM says in the end counts.
  session_.passwords["alice"] = "new";
  session_.Release();
  while (Pool().size() > 0) Pool().Maintain();
}

// V4 of tests/attacks/README.md.
TEST_F(SessionPoolLoginsTest, UserWhoseLoginsHangIsNotWaitedForEachTime) {
  options_.login_wait = absl::Milliseconds(700);
  options_.reauthentication_time = absl::ZeroDuration();
  SessionPool pool(session_.Opener(), options_);
  ASSERT_TRUE(pool.Get(SessionService::kVixd, "ALICE", "a").ok());
  while (!pool.Get(SessionService::kVixd, "alice", "a").ok()) continue;
  session_.Block();
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(pool.Get(SessionService::kVixd, "alice", "a").status()));
    // By another spelling of the name it is the same user.
    EXPECT_TRUE(absl::IsDeadlineExceeded(pool.Get(SessionService::kVixd, "ALICE", "a").status()));
  }
  EXPECT_LT(absl::Now() - begin, 5 * options_.login_wait);
  session_.Release();
}

}  // namespace
}  // namespace toolboxd
