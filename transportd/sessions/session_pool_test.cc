// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_pool.h"

#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// Stands in for session: counts its requests, and answers by a list of passwords.
class FakeOpener {
 public:
  SessionOpener Opener() {
    SessionOpener opener;
    opener.connect = [this](SessionService, absl::Time) -> absl::StatusOr<int> {
      ++connects;
      if (!up) return absl::UnavailableError("nobody listens");
      int ends[2];
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      peers.emplace_back(ends[1]);
      return ends[0];
    };
    opener.request = [this](int connection, SessionService, bool verify, absl::string_view user,
                            absl::string_view password, absl::Time) -> absl::Status {
      ++(verify ? verifies : logins);
      char byte;
      if (recv(connection, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) {
        return absl::UnavailableError("gone");
      }
      if (hang) return absl::DeadlineExceededError("session did not answer in time");
      const auto known = passwords.find(std::string(user));
      if (known == passwords.end() || known->second != password) {
        return absl::UnauthenticatedError("no");
      }
      return absl::OkStatus();
    };
    return opener;
  }

  std::map<std::string, std::string> passwords = {{"alice", "a"}, {"bob", "b"}};
  std::vector<UniqueFd> peers;
  bool up = true;
  bool hang = false;
  int connects = 0;
  int logins = 0;
  int verifies = 0;
};

class SessionPoolTest : public testing::Test {
 protected:
  SessionPool& Pool() {
    if (pool_ == nullptr) {
      pool_ = std::make_unique<SessionPool>(session_.Opener(), options_, [this] { return now_; });
    }
    return *pool_;
  }
  absl::StatusOr<std::shared_ptr<UserSession>> Get(absl::string_view user,
                                                   absl::string_view password) {
    return Pool().Get(SessionService::kVixd, user, password);
  }

  FakeOpener session_;
  SessionPoolOptions options_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::unique_ptr<SessionPool> pool_;
};

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
  // The end comes after what gRPC had already sent.
  char bytes[4096];
  ssize_t size;
  while ((size = recv(process, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
  }
  EXPECT_EQ(size, 0);
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

TEST_F(SessionPoolTest, WrongPasswordHoldsThatUserBackWithoutAskingPam) {
  EXPECT_FALSE(Get("alice", "x").ok());
  const int asked = session_.logins;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(absl::IsUnauthenticated(Get("alice", "x").status()));
  }
  EXPECT_EQ(session_.logins, asked);
  EXPECT_TRUE(Get("bob", "b").ok());
  now_ += absl::Seconds(2);
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolTest, DroppedSessionIsReplaced) {
  const auto first = Get("alice", "a");
  Pool().Drop(*first, absl::UnavailableError("gone"));
  const auto second = Get("alice", "a");
  ASSERT_TRUE(second.ok());
  EXPECT_NE(*first, *second);
  EXPECT_EQ(session_.logins, 2);
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
