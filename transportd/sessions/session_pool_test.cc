// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_pool.h"

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "transportd/sessions/testing/session_pool_fixture.h"

namespace toolboxd {
namespace {

// Whether the pool has ended the connection to this process.
bool HasEnded(int process) {
  // The end comes after what gRPC had already sent.
  char bytes[4096];
  ssize_t size;
  while ((size = recv(process, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) continue;
  return size == 0;
}

TEST_F(SessionPoolTest, ThousandRequestsNeedOneLogin) {
  const auto first = Get("alice", "a");
  ASSERT_TRUE(first.ok());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(*Get("alice", "a"), *first);
  EXPECT_EQ(session_.logins, 1);
  EXPECT_EQ(session_.verifies, 0);
}

TEST_F(SessionPoolTest, UsersAndServicesHaveSeparateSessions) {
  const auto alice = Get("alice", "a");
  const auto bob = Get("bob", "b");
  const auto files = Pool().Get(SessionService::kHgfsd, "alice", "a");
  ASSERT_TRUE(alice.ok() && bob.ok() && files.ok());
  EXPECT_NE(*alice, *bob);
  EXPECT_NE(*alice, *files);
  EXPECT_EQ(session_.logins, 3);
}

TEST_F(SessionPoolTest, SessionsAreDescribedTheOneUsedLastFirst) {
  EXPECT_TRUE(Pool().Describe().empty());
  ASSERT_TRUE(Get("alice", "a").ok());
  now_ += absl::Seconds(7);
  const auto bob = Get("bob", "b");
  ASSERT_TRUE(bob.ok());
  const std::vector<SessionPool::Description> sessions = Pool().Describe();
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0].session->user, "bob");
  EXPECT_TRUE(sessions[0].busy);
  EXPECT_EQ(sessions[1].session->user, "alice");
  EXPECT_FALSE(sessions[1].busy);
  EXPECT_EQ(sessions[0].used - sessions[1].used, absl::Seconds(7));
  EXPECT_EQ(Pool().pending_logins(), 0u);
}

TEST_F(SessionPoolTest, OtherPasswordIsNeverServedByAnOpenSession) {
  ASSERT_TRUE(Get("alice", "a").ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "x").status()));
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "").status()));
  // The right password still works.
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolTest, SessionWhoseProcessEndedIsReplacedBeforeItIsUsed) {
  const auto first = Get("alice", "a");
  ASSERT_TRUE(first.ok());
  session_.peers.clear();
  const auto second = Get("alice", "a");
  ASSERT_TRUE(second.ok());
  EXPECT_NE(*first, *second);
  EXPECT_EQ(session_.logins, 2);
}

TEST_F(SessionPoolTest, OldLoginIsVerifiedWithoutANewProcess) {
  const auto first = Get("alice", "a");
  now_ += options_.reauthentication_time;
  const auto second = Get("alice", "a");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(session_.logins, 1);
  EXPECT_EQ(session_.verifies, 1);
  EXPECT_TRUE(Get("alice", "a").ok());
  EXPECT_EQ(session_.verifies, 1);
}

TEST_F(SessionPoolTest, RefusedVerificationEndsTheSession) {
  ASSERT_TRUE(Get("alice", "a").ok());
  ASSERT_TRUE(Pool().Get(SessionService::kHgfsd, "alice", "a").ok());
  session_.passwords["alice"] = "new";
  now_ += options_.reauthentication_time;
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "a").status()));
  EXPECT_EQ(Pool().size(), 0u);
}

TEST_F(SessionPoolTest, RefusedVerificationEndsTheProcessThoughAHandleIsOpen) {
  const auto held = Get("alice", "a");
  ASSERT_TRUE(held.ok());
  const int process = session_.peers.front().get();
  session_.passwords["alice"] = "new";
  now_ += options_.reauthentication_time;
  EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "a").status()));
  EXPECT_TRUE(HasEnded(process));
}

TEST_F(SessionPoolTest, SpareConnectionIsMadeAfterTheAnswer) {
  std::vector<std::function<void()>> tasks;
  options_.later = [&tasks](std::function<void()> task) { tasks.push_back(std::move(task)); };
  ASSERT_TRUE(Get("alice", "a").ok());
  EXPECT_EQ(session_.connects, 1);
  EXPECT_FALSE(Pool().HasSpare(SessionService::kVixd));
  ASSERT_EQ(tasks.size(), 1u);
  tasks[0]();
  EXPECT_TRUE(Pool().HasSpare(SessionService::kVixd));
}

TEST_F(SessionPoolTest, VerificationIsFollowedByANewSpare) {
  ASSERT_TRUE(Get("alice", "a").ok());
  now_ += options_.reauthentication_time;
  ASSERT_TRUE(Get("alice", "a").ok());
  EXPECT_TRUE(Pool().HasSpare(SessionService::kVixd));
}

TEST_F(SessionPoolTest, UnansweredVerificationIsNotBelieved) {
  ASSERT_TRUE(Get("alice", "a").ok());
  now_ += options_.reauthentication_time;
  session_.hang = true;
  EXPECT_TRUE(absl::IsDeadlineExceeded(Get("alice", "a").status()));
  session_.hang = false;
  EXPECT_TRUE(Get("alice", "a").ok());
  EXPECT_EQ(session_.logins, 1);
}

TEST_F(SessionPoolTest, SpellingsOfANameAreOneUserWithOneSession) {
  const auto alice = Get("alice", "a");
  ASSERT_TRUE(alice.ok());
  const auto other = Get("ALICE", "a");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->user, "alice");
  EXPECT_EQ((*other)->uid, (*alice)->uid);
  EXPECT_EQ(Pool().size(), 1u);
}

// The users of these tests are the machine's: the policy looks them up.
TEST_F(SessionPoolTest, PolicyIsAskedAgainAboutOpenSessions) {
  auto rules = std::make_shared<const UserRules>();
  options_.rules = [&rules] { return rules; };
  session_.passwords["daemon"] = "d";
  const auto session = Get("daemon", "d");
  ASSERT_TRUE(session.ok());
  UserList deny;
  deny.Add("daemon");
  rules = std::make_shared<const UserRules>(UserList(), deny);
  EXPECT_EQ(ReasonOf(Get("daemon", "d").status()), v1::DISABLED_BY_POLICY);
  EXPECT_EQ(Pool().size(), 0u);
  // Asked with the right password again, PAM need not be asked each time.
  EXPECT_EQ(ReasonOf(Get("daemon", "d").status()), v1::DISABLED_BY_POLICY);
  const int asked = session_.logins + session_.verifies;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ReasonOf(Get("daemon", "d").status()), v1::DISABLED_BY_POLICY);
  }
  EXPECT_EQ(session_.logins + session_.verifies, asked);
  rules = std::make_shared<const UserRules>();
  EXPECT_TRUE(Get("daemon", "d").ok());
}

TEST_F(SessionPoolTest, EndAllEndsProcessesThoughHandlesAreOpen) {
  const auto held = Get("alice", "a");
  ASSERT_TRUE(held.ok());
  const int process = session_.peers.front().get();
  Pool().EndAll();
  EXPECT_EQ(Pool().size(), 0u);
  EXPECT_TRUE(HasEnded(process));
}

TEST_F(SessionPoolTest, DroppedSessionIsReplaced) {
  const auto first = Get("alice", "a");
  Pool().Drop(*first, absl::UnavailableError("gone"));
  const auto second = Get("alice", "a");
  ASSERT_TRUE(second.ok());
  EXPECT_NE(*first, *second);
  EXPECT_EQ(session_.logins, 2);
}

// A machine that needs longer for the start than one call may take would never get through.
TEST_F(SessionPoolTest, ServiceThatHasJustStartedIsAskedAgain) {
  const absl::Status cut = absl::DeadlineExceededError("no answer");
  const auto first = Get("alice", "a");
  now_ += options_.timeout / 2;
  Pool().Drop(*first, cut);
  EXPECT_EQ(*Get("alice", "a"), *first);
  now_ += options_.timeout / 2;
  Pool().Drop(*first, cut);
  const auto second = Get("alice", "a");
  EXPECT_NE(*second, *first);
  EXPECT_EQ(session_.logins, 2);
  // One that has ended is not waited for.
  Pool().Drop(*second, absl::UnavailableError("gone"));
  EXPECT_NE(*Get("alice", "a"), *second);
  EXPECT_EQ(session_.logins, 3);
}

TEST_F(SessionPoolTest, ServiceThatIsDownIsNotAWrongPassword) {
  session_.up = false;
  EXPECT_TRUE(absl::IsUnavailable(Get("alice", "a").status()));
  session_.up = true;
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolTest, SpareConnectionServesTheNextUser) {
  ASSERT_TRUE(Get("alice", "a").ok());
  EXPECT_TRUE(Pool().HasSpare(SessionService::kVixd));
  EXPECT_FALSE(Pool().HasSpare(SessionService::kHgfsd));
  EXPECT_EQ(session_.connects, 2);
  ASSERT_TRUE(Get("bob", "b").ok());
  // Bob took the spare; the next one waits.
  EXPECT_EQ(session_.connects, 3);
}

TEST_F(SessionPoolTest, DeadSpareIsNotUsed) {
  ASSERT_TRUE(Get("alice", "a").ok());
  session_.peers.back().reset();
  EXPECT_TRUE(Get("bob", "b").ok());
}

TEST_F(SessionPoolTest, SpareConnectionIsClosedWhenIdle) {
  ASSERT_TRUE(Get("alice", "a").ok());
  now_ += absl::Minutes(1);
  Pool().Maintain();
  EXPECT_TRUE(Pool().HasSpare(SessionService::kVixd));
  now_ += options_.idle_close;
  Pool().Maintain();
  EXPECT_FALSE(Pool().HasSpare(SessionService::kVixd));
}

TEST_F(SessionPoolTest, IdleSessionsAreClosedUnlessHeld) {
  auto held = Get("alice", "a");
  ASSERT_TRUE(Get("bob", "b").ok());
  now_ += options_.idle_close;
  Pool().Maintain();
  EXPECT_EQ(Pool().size(), 1u);
  held = absl::CancelledError();
  Pool().Maintain();
  EXPECT_EQ(Pool().size(), 0u);
}

TEST_F(SessionPoolTest, ManyUsersLeastRecentlyUsedGoesFirst) {
  options_.max_sessions = 3;
  for (int i = 0; i < 200; ++i) {
    const std::string user = absl::StrCat("user", i);
    session_.passwords[user] = "p";
    ASSERT_TRUE(Get(user, "p").ok());
    ASSERT_TRUE(Get("user0", "p").ok());
  }
  EXPECT_EQ(Pool().size(), 3u);
  // user0 was never the oldest.
  EXPECT_EQ(session_.logins, 200);
}

}  // namespace
}  // namespace toolboxd
