// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/leaving_sessions.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr SessionService kVixd = SessionService::kVixd;

class LeavingSessionsTest : public testing::Test {
 protected:
  // A process that ends when `processes_` loses its end of a pipe.
  void Leave(uid_t uid, SessionService service = kVixd) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    processes_.emplace_back(ends[1]);
    leaving_.Add(service, uid, UniqueFd(ends[0]));
  }

  LeavingSessions leaving_;
  std::vector<UniqueFd> processes_;
};

TEST_F(LeavingSessionsTest, ProcessCountsUntilItHasEnded) {
  Leave(1);
  Leave(1);
  leaving_.Sweep();
  EXPECT_EQ(leaving_.Count(kVixd), 2u);
  processes_.pop_back();
  leaving_.Sweep();
  EXPECT_EQ(leaving_.Count(kVixd), 1u);
}

TEST_F(LeavingSessionsTest, UserIsCrowdedInOneServiceOnly) {
  for (size_t i = 0; i + 1 < LeavingSessions::kMaxOfUser; ++i) Leave(1);
  EXPECT_TRUE(leaving_.CrowdedUsers(kVixd).empty());
  Leave(2);
  Leave(1);
  EXPECT_EQ(leaving_.CrowdedUsers(kVixd), std::set<uid_t>{1});
  EXPECT_TRUE(leaving_.CrowdedUsers(SessionService::kHgfsd).empty());
}

TEST_F(LeavingSessionsTest, AtTheLimitOfAllUsersOneIsEnough) {
  for (uid_t uid = 1; uid <= LeavingSessions::kMax; ++uid) {
    EXPECT_TRUE(leaving_.CrowdedUsers(kVixd).empty());
    Leave(uid);
  }
  EXPECT_EQ(leaving_.CrowdedUsers(kVixd).size(), LeavingSessions::kMax);
  processes_.pop_back();
  leaving_.Sweep();
  EXPECT_TRUE(leaving_.CrowdedUsers(kVixd).empty());
}

TEST_F(LeavingSessionsTest, ProcessThatIsNotKnownIsNotCounted) {
  leaving_.Add(kVixd, 1, UniqueFd());
  EXPECT_EQ(leaving_.Count(kVixd), 0u);
}

}  // namespace
}  // namespace toolboxd
