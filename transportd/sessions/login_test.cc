// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/login.h"

#include <sys/socket.h>

#include <set>
#include <vector>

#include "base/status.h"
#include "base/steady_time.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

UserList List(std::initializer_list<const char*> entries) {
  UserList list;
  for (const char* entry : entries) list.Add(entry);
  return list;
}

// Passwords are "right". PAM knows "root", and "ROOT" as another spelling of it.
class LoginTest : public testing::Test {
 protected:
  LoginOutcome Run(const std::string& user, const std::string& password, UserRules rules = {}) {
    LoginTask task(user, password);
    task.opener.connect = [this](SessionService, absl::Time) -> absl::StatusOr<int> {
      if (!up_) return absl::UnavailableError("no process listens");
      int ends[2];
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      peers_.emplace_back(ends[1]);
      return ends[0];
    };
    task.opener.await_greeting = [](int, absl::Time) { return UniqueFd(); };
    task.opener.request = [this](int, SessionService, bool verify, absl::string_view name,
                                 absl::string_view typed,
                                 absl::Time) -> absl::StatusOr<session::SessionUser> {
      requests_.push_back(verify ? LoginPurpose::kVerify : LoginPurpose::kSession);
      if (typed != "right") return absl::UnauthenticatedError("no");
      return session::SessionUser{0, name == "ROOT" ? "root" : std::string(name)};
    };
    task.crowded = crowded_;
    task.rules = std::make_shared<UserRules>(std::move(rules));
    task.timeout = absl::Seconds(10);
    return RunLogin(task);
  }

  bool up_ = true;
  std::set<uid_t> crowded_;
  std::vector<LoginPurpose> requests_;
  std::vector<UniqueFd> peers_;
};

TEST_F(LoginTest, NamesTheUserThatPamSettledOn) {
  const LoginOutcome outcome = Run("ROOT", "right");
  ASSERT_TRUE(outcome.status.ok());
  EXPECT_EQ(outcome.user.name, "root");
  EXPECT_TRUE(outcome.connection.ok());
}

TEST_F(LoginTest, PolicyIsAskedAboutTheUserThatPamSettledOn) {
  const LoginOutcome outcome = Run("ROOT", "right", UserRules({}, List({"root"})));
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(ReasonOf(outcome.permitted), v1::DISABLED_BY_POLICY);
  EXPECT_FALSE(outcome.connection.ok());
}

// Whoever has no password learns nothing of the policy, and whoever is refused gets no process.
TEST_F(LoginTest, RefusedUserGetsNoProcess) {
  const UserRules only_daemon(List({"daemon"}), {});
  LoginOutcome outcome = Run("root", "wrong", only_daemon);
  EXPECT_TRUE(absl::IsUnauthenticated(outcome.status));
  outcome = Run("daemon", "wrong", only_daemon);
  EXPECT_TRUE(absl::IsUnauthenticated(outcome.status));
  outcome = Run("root", "right", only_daemon);
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_EQ(ReasonOf(outcome.permitted), v1::DISABLED_BY_POLICY);
  EXPECT_EQ(requests_, std::vector<LoginPurpose>(
                           {LoginPurpose::kVerify, LoginPurpose::kSession, LoginPurpose::kVerify}));
}

TEST_F(LoginTest, CrowdedUserGetsNoProcess) {
  // The uid of all of these users is 0.
  crowded_ = {0};
  EXPECT_TRUE(absl::IsUnauthenticated(Run("root", "wrong").status));
  LoginOutcome outcome = Run("root", "right");
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_TRUE(outcome.crowded);
  EXPECT_FALSE(outcome.connection.ok());
  EXPECT_EQ(requests_, std::vector<LoginPurpose>(2, LoginPurpose::kVerify));
  // Others get theirs after that.
  crowded_ = {1};
  outcome = Run("root", "right");
  EXPECT_FALSE(outcome.crowded);
  EXPECT_TRUE(outcome.connection.ok());
}

TEST_F(LoginTest, UserKnownToThePolicyByAnotherSpellingGetsAProcess) {
  const LoginOutcome outcome = Run("ROOT", "right", UserRules(List({"root"}), {}));
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_TRUE(outcome.permitted.ok());
  EXPECT_TRUE(outcome.connection.ok());
}

TEST_F(LoginTest, MissingServiceIsNotARefusal) {
  up_ = false;
  const LoginOutcome outcome = Run("root", "wrong");
  EXPECT_TRUE(absl::IsUnavailable(outcome.status));
  EXPECT_FALSE(outcome.asked);
}

}  // namespace
}  // namespace toolboxd
