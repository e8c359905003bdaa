// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/sync_driver.h"

#include <utility>

#include "gtest/gtest.h"
#include "transportd/snapshot/testing/fake_quiescer.h"
#include "transportd/snapshot/testing/virtual_timers.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;
using Lines = std::vector<std::string>;

constexpr char kFreeze[] = "Vix_1_SyncDriver_Freeze \"all\" \"1000\"";
constexpr char kThaw[] = "Vix_1_SyncDriver_Thaw";

class SyncDriverTest : public testing::Test {
 protected:
  SyncDriverTest() {
    routes_.AddTo(router_);
    quiescer_.on_wait = [this](absl::Duration) { quiescer_.Frozen(); };
  }
  std::string Send(const std::string& request) { return router_.Dispatch(request).Encode(); }
  Lines Steps() { return std::exchange(quiescer_.steps, {}); }
  void ThawsNow() {
    quiescer_.on_wait = [this](absl::Duration) {
      quiescer_.Thawed();
      quiescer_.Done();
    };
  }
  void Hangs() {
    quiescer_.on_wait = [this](absl::Duration limit) { timers_.Advance(limit); };
  }

  snapshot::VirtualTimers timers_;
  snapshot::FakeQuiescer quiescer_;
  SyncDriverRoutes routes_{
      &quiescer_,
      [this](absl::Time time, std::function<void()> task) { timers_.RunAt(time, std::move(task)); },
      [this] { return timers_.now(); }};
  Router router_;
};

TEST_F(SyncDriverTest, FreezeAndThawAreAnsweredWhenTheyAreDone) {
  EXPECT_EQ(Send(kFreeze), "OK 0 0");
  EXPECT_EQ(Steps(), (Lines{"begin", "proceed"}));
  EXPECT_TRUE(quiescer_.start.freeze_file_systems());
  EXPECT_TRUE(quiescer_.start.has_run_scripts());
  EXPECT_FALSE(quiescer_.start.run_scripts());
  EXPECT_EQ(Send(kFreeze), "OK 5 0");
  ThawsNow();
  EXPECT_EQ(Send(kThaw), "OK 0 0");
  EXPECT_EQ(Steps(), (Lines{"done"}));
  EXPECT_EQ(Send(kThaw), "OK 20000 0");
  timers_.Advance(absl::Hours(1));
  EXPECT_TRUE(Steps().empty());
}

TEST_F(SyncDriverTest, ArgumentsAreTwoQuotedStrings) {
  EXPECT_EQ(ParseSyncDriverFreeze("\"all\" \"1000\""), absl::Seconds(10));
  EXPECT_EQ(ParseSyncDriverFreeze("\"\" \"1\"\0"s), absl::Milliseconds(10));
  EXPECT_EQ(ParseSyncDriverFreeze("\"/ /home\"\"0\""), absl::ZeroDuration());
  EXPECT_EQ(ParseSyncDriverFreeze("\"x\" \"4294967295\""),
            absl::Milliseconds(10) * int64_t{4294967295});
  for (const std::string& wrong :
       {""s, "\0"s, "all 1000"s, "\"all\""s, "\"all\" 1000"s, "\"all\" \"1000"s, "\"all\" \"x\""s,
        "\"all\" \"-1\""s, "\"all\" \"\""s, "\"all\" \"4294967296\""s, "\"a\" \"1\" \"2\""s,
        "\"all\" \"1\" "s, "\"all\""s + "\0"s + "\"1\""s}) {
    EXPECT_EQ(ParseSyncDriverFreeze(wrong), std::nullopt) << wrong;
    EXPECT_EQ(Send("Vix_1_SyncDriver_Freeze " + wrong), "OK 3 0") << wrong;
  }
  EXPECT_TRUE(Steps().empty());
}

TEST_F(SyncDriverTest, FreezeThatTakesTooLongIsAborted) {
  Hangs();
  EXPECT_EQ(Send(kFreeze), "OK 1 0");
  EXPECT_EQ(timers_.now(), absl::UnixEpoch() + SyncDriverRoutes::kPatience);
  EXPECT_EQ(Steps(), (Lines{"begin", "proceed", "abort"}));
  EXPECT_EQ(Send(kThaw), "OK 20000 0");
  // What has been frozen meanwhile thaws, and does not count.
  quiescer_.Frozen();
  EXPECT_EQ(Send(kFreeze), "OK 5 0");
  quiescer_.Fail(v1::QuiesceFailure::ABORTED);
  quiescer_.Done();
  quiescer_.on_wait = [this](absl::Duration) { quiescer_.Frozen(); };
  EXPECT_EQ(Send(kFreeze), "OK 0 0");
}

TEST_F(SyncDriverTest, FailedFreezeIsAnError) {
  quiescer_.on_wait = [this](absl::Duration) {
    quiescer_.Fail(v1::QuiesceFailure::FREEZE_FAILED);
    quiescer_.Done();
  };
  EXPECT_EQ(Send(kFreeze), "OK 1 0");
  EXPECT_EQ(Steps(), (Lines{"begin", "proceed"}));
  quiescer_.begin_status = absl::UnavailableError("snapshotd is not there");
  EXPECT_EQ(Send(kFreeze), "OK 1 0");
  quiescer_.begin_status = absl::FailedPreconditionError("another snapshot runs");
  EXPECT_EQ(Send(kFreeze), "OK 5 0");
}

TEST_F(SyncDriverTest, EverythingThawsByItselfWhenTheTimeIsOver) {
  EXPECT_EQ(Send(kFreeze), "OK 0 0");
  Steps();
  timers_.Advance(absl::Milliseconds(9999));
  EXPECT_TRUE(Steps().empty());
  timers_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Steps(), (Lines{"done"}));
  quiescer_.Thawed();
  quiescer_.Done();
  EXPECT_EQ(Send(kThaw), "OK 20000 0");
}

TEST_F(SyncDriverTest, TimeHasALimit) {
  EXPECT_EQ(Send("Vix_1_SyncDriver_Freeze \"all\" \"4294967295\""), "OK 0 0");
  Steps();
  timers_.Advance(SyncDriverRoutes::kMaxHold);
  EXPECT_EQ(Steps(), (Lines{"done"}));
}

TEST_F(SyncDriverTest, EndOfOnesTimeDoesNotThawTheNext) {
  Send(kFreeze);
  ThawsNow();
  timers_.Advance(absl::Seconds(6));
  EXPECT_EQ(Send(kThaw), "OK 0 0");
  quiescer_.on_wait = [this](absl::Duration) { quiescer_.Frozen(); };
  EXPECT_EQ(Send(kFreeze), "OK 0 0");
  Steps();
  timers_.Advance(absl::Seconds(6));
  EXPECT_TRUE(Steps().empty());
  timers_.Advance(absl::Seconds(4));
  EXPECT_EQ(Steps(), (Lines{"done"}));
}

TEST_F(SyncDriverTest, FailedThawIsAnError) {
  Send(kFreeze);
  quiescer_.on_wait = [this](absl::Duration) {
    quiescer_.Fail(v1::QuiesceFailure::THAW_FAILED);
    quiescer_.Done();
  };
  EXPECT_EQ(Send(kThaw), "OK 1 0");
}

TEST_F(SyncDriverTest, ThawThatHangsIsAnError) {
  Send(kFreeze);
  Hangs();
  EXPECT_EQ(Send(kThaw), "OK 1 0");
}

TEST_F(SyncDriverTest, LostHostThaws) {
  routes_.OnHostLost();
  EXPECT_TRUE(Steps().empty());
  Send(kFreeze);
  Steps();
  routes_.OnHostLost();
  EXPECT_EQ(Steps(), (Lines{"abort"}));
  EXPECT_EQ(Send(kThaw), "OK 20000 0");
}

}  // namespace
}  // namespace toolboxd
