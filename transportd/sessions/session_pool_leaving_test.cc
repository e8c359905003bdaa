// SPDX-License-Identifier: Apache-2.0

// Processes that do not end when their sessions have.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "transportd/sessions/leaving_sessions.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/sessions/testing/session_pool_fixture.h"

namespace toolboxd {
namespace {

using SessionPoolLeavingTest = SessionPoolTest;

TEST_F(SessionPoolLeavingTest, UserWhoseOldProcessesDoNotEndGetsNoNewOne) {
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

TEST_F(SessionPoolLeavingTest, ServicesThatEndTakeNoPlace) {
  for (int i = 0; i < 100; ++i) {
    session_.passwords["alice"] = absl::StrCat("a", i);
    ASSERT_TRUE(Get("alice", absl::StrCat("a", i)).ok());
  }
}

TEST_F(SessionPoolLeavingTest, EveryWayOutOfThePoolCounts) {
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

TEST_F(SessionPoolLeavingTest, ProcessesThatDoNotEndLeavePlacesToOthers) {
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
