// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_pool.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// Stands in for session: counts its requests, and answers by a list of passwords. Requests run on
// threads of the pool's.
class FakeOpener {
 public:
  SessionOpener Opener() {
    SessionOpener opener;
    opener.connect = [this](SessionService, absl::Time) -> absl::StatusOr<int> {
      absl::MutexLock lock(&mutex_);
      ++connects;
      if (!up) return absl::UnavailableError("nobody listens");
      int ends[2];
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      peers.emplace_back(ends[1]);
      return ends[0];
    };
    opener.await_greeting = [this](int, absl::Time) {
      absl::SleepFor(start);
      return StartProcess();
    };
    opener.request = [this](int connection, SessionService, bool verify, absl::string_view user,
                            absl::string_view password, absl::Time) {
      return Answer(connection, verify, std::string(user), std::string(password));
    };
    return opener;
  }

  // From now on requests are answered only after Release().
  void Block() {
    absl::MutexLock lock(&mutex_);
    blocked_ = std::make_shared<absl::Notification>();
  }
  void Release() {
    if (const auto blocked = Unblock()) blocked->Notify();
  }
  // What waits keeps waiting for the result's notification; what comes does not.
  std::shared_ptr<absl::Notification> Unblock() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(blocked_, nullptr);
  }

  std::map<std::string, std::string> passwords = {{"alice", "a"}, {"bob", "b"}, {"ALICE", "a"}};
  std::vector<UniqueFd> peers;
  // How long a process takes to start, and PAM to answer.
  absl::Duration start;
  absl::Duration pam;
  bool up = true;
  bool hang = false;
  int connects = 0;
  int logins = 0;
  int verifies = 0;
  // Whether processes stay when their connections have ended; ended by Kill().
  bool stopped = false;
  void Kill() {
    absl::MutexLock lock(&mutex_);
    processes_.clear();
  }

 private:
  // Readable when the process has ended, which it does at once unless it is stopped.
  UniqueFd StartProcess() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    UniqueFd process(ends[1]);
    absl::MutexLock lock(&mutex_);
    if (stopped) processes_.push_back(std::move(process));
    return UniqueFd(ends[0]);
  }

  absl::StatusOr<session::SessionUser> Answer(int connection, bool verify, const std::string& user,
                                              const std::string& password) {
    std::shared_ptr<absl::Notification> blocked;
    {
      absl::MutexLock lock(&mutex_);
      ++(verify ? verifies : logins);
      blocked = blocked_;
    }
    if (blocked != nullptr) blocked->WaitForNotification();
    absl::SleepFor(pam);
    char byte;
    if (recv(connection, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) {
      return absl::UnavailableError("gone");
    }
    if (hang) return absl::DeadlineExceededError("session did not answer in time");
    const auto known = passwords.find(user);
    if (known == passwords.end() || known->second != password) {
      return absl::UnauthenticatedError("no");
    }
    // ALICE is alice.
    const std::string name = absl::AsciiStrToLower(user);
    return session::SessionUser{static_cast<uid_t>(std::hash<std::string>()(name) % 100000), name};
  }

  absl::Mutex mutex_;
  std::shared_ptr<absl::Notification> blocked_;
  std::vector<UniqueFd> processes_;
};

class SessionPoolTest : public testing::Test {
 protected:
  SessionPoolTest() {
    // The time passes that the pool waits.
    options_.wait_until = [this](absl::Time time) { now_ = std::max(now_, time); };
    // The machine that runs the tests may be busy.
    options_.login_wait = absl::Seconds(30);
  }
  ~SessionPoolTest() override { session_.Release(); }

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

  // For a fresh login that may take longer than `login_time`.
  bool GetWithin(absl::string_view user, absl::string_view password) {
    while (!Get(user, password).ok()) now_ += absl::Seconds(40);
    return true;
  }
  void Restart() { pool_.reset(); }

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

TEST_F(SessionPoolTest, RightPasswordAfterASlipIsAcceptedAtOnce) {
  EXPECT_FALSE(Get("alice", "x").ok());
  EXPECT_TRUE(Get("alice", "a").ok());
}

// The review of issue 12, M7: with a new name each time the gate never acts.
TEST_F(SessionPoolTest, GuessesWithEverNewNamesTakeATenthOfTheTime) {
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

TEST_F(SessionPoolTest, RefusalsLeaveAtOneTime) {
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
TEST_F(SessionPoolTest, RightPasswordsAreWaitedForWherePamIsSlow) {
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
TEST_F(SessionPoolTest, WrongPasswordsThatHangTakeNoPlaceOfTheirUsers) {
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

TEST_F(SessionPoolTest, RightPasswordThatTookTooLongIsKeptForTheNextRequest) {
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

TEST_F(SessionPoolTest, TimeOfALoginBeginsWhenSessionRuns) {
  options_.login_time = absl::Milliseconds(150);
  session_.start = absl::Milliseconds(300);
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolTest, LoginsThatHangLeavePlacesToUsersWhoWereHere) {
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

TEST_F(SessionPoolTest, VerificationThatIsNotAnsweredInTimeGoesOn) {
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
TEST_F(SessionPoolTest, UserWhoseLoginsHangIsNotWaitedForEachTime) {
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
  char bytes[4096];
  ssize_t size;
  while ((size = recv(process, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
  }
  EXPECT_EQ(size, 0);
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

TEST_F(SessionPoolTest, UserWhoseOldProcessesDoNotEndGetsNoNewOne) {
  session_.stopped = true;
  int opened = 0;
  for (int i = 0; i < 20; ++i) {
    // A new password each time: another credential for the same user.
    session_.passwords["alice"] = absl::StrCat("a", i);
    const auto session = Get("alice", absl::StrCat("a", i));
    if (session.ok()) ++opened;
    EXPECT_EQ(ReasonOf(session.status()), i < 5 ? v1::REASON_UNSPECIFIED : v1::BUSY);
  }
  // Four that do not end, and the one that replaced the last of them.
  EXPECT_EQ(opened, 5);
  EXPECT_EQ(session_.logins, 5);
  EXPECT_TRUE(Get("bob", "b").ok());
  // The other service is not affected, nor the session that is open.
  EXPECT_TRUE(Pool().Get(SessionService::kHgfsd, "alice", "a19").ok());
  session_.passwords["alice"] = "a4";
  EXPECT_TRUE(Get("alice", "a4").ok());
  session_.Kill();
  session_.passwords["alice"] = "a";
  EXPECT_TRUE(Get("alice", "a").ok());
}

TEST_F(SessionPoolTest, ServicesThatEndTakeNoPlace) {
  for (int i = 0; i < 100; ++i) {
    session_.passwords["alice"] = absl::StrCat("a", i);
    ASSERT_TRUE(Get("alice", absl::StrCat("a", i)).ok());
  }
}

TEST_F(SessionPoolTest, EveryWayOutOfThePoolCounts) {
  session_.stopped = true;
  const auto dropped = Get("alice", "a");
  Pool().Drop(*dropped, absl::UnavailableError("gone"));
  ASSERT_TRUE(Get("alice", "a").ok());
  Pool().EndAll();
  ASSERT_TRUE(Get("alice", "a").ok());
  now_ += options_.idle_close;
  Pool().Maintain();
  ASSERT_TRUE(Get("alice", "a").ok());
  session_.passwords["alice"] = "new";
  now_ += options_.reauthentication_time;
  EXPECT_FALSE(Get("alice", "a").ok());
  now_ += absl::Minutes(1);
  EXPECT_EQ(ReasonOf(Get("alice", "new").status()), v1::BUSY);
}

TEST_F(SessionPoolTest, ProcessesThatDoNotEndLeavePlacesToOthers) {
  options_.max_sessions = 3;
  session_.stopped = true;
  // Open sessions and processes that do not end there are never more than this.
  const size_t places = options_.max_sessions + LeavingSessions::kMax;
  for (int i = 0; i < 40; ++i) {
    const std::string user = absl::StrCat("user", i % 2);
    session_.passwords[user] = absl::StrCat("p", i);
    Get(user, absl::StrCat("p", i)).status().IgnoreError();
  }
  EXPECT_LE(static_cast<size_t>(session_.logins), places);
  session_.stopped = false;
  for (int i = 0; i < 20; ++i) {
    const std::string user = absl::StrCat("honest", i);
    session_.passwords[user] = "p";
    EXPECT_TRUE(Get(user, "p").ok());
  }
}

}  // namespace
}  // namespace toolboxd
