// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/event_sender.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "transportd/rpc/testing/rpci_recorder.h"
#include "transportd/snapshot/testing/virtual_timers.h"

namespace toolboxd::snapshot {
namespace {

using std::string_literals::operator""s;

constexpr absl::Duration kInterval = EventSender::kInterval;
const auto kReset = "vmbackup.eventSet reset 0 \0"s;
const auto kKeepAlive = "vmbackup.eventSet req.keepAlive 0 \0"s;
const auto kCommit = "vmbackup.eventSet prov.snapshotCommit 0 \0"s;
const auto kDone = "vmbackup.eventSet req.done 0 \0"s;

class EventSenderTest : public testing::Test {
 protected:
  bool Commit() { return sender_.Send({kCommitEvent, EventCode::kSuccess, ""}); }

  VirtualTimers timers_;
  RpciRecorder host_;
  int refusals_ = 0;
  EventSender sender_{
      host_.Send(),
      [this](absl::Time time, std::function<void()> task) { timers_.RunAt(time, std::move(task)); },
      [this] { ++refusals_; }, [this] { return timers_.now(); }};
};

TEST_F(EventSenderTest, NothingIsSentOutsideOfASnapshot) {
  EXPECT_FALSE(Commit());
  sender_.End();
  timers_.Advance(absl::Hours(1));
  EXPECT_TRUE(host_.requests.empty());
}

TEST_F(EventSenderTest, KeepAliveFollowsEachEventAfterTheInterval) {
  EXPECT_TRUE(sender_.Begin());
  timers_.Advance(kInterval - absl::Milliseconds(1));
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset}));
  timers_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(host_.requests.back(), kKeepAlive);
  timers_.Advance(kInterval);
  EXPECT_EQ(host_.requests.size(), 3u);
  timers_.Advance(kInterval - absl::Milliseconds(1));
  EXPECT_TRUE(Commit());
  timers_.Advance(kInterval - absl::Milliseconds(1));
  EXPECT_EQ(host_.requests.back(), kCommit);
  timers_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(host_.requests,
            (std::vector<std::string>{kReset, kKeepAlive, kKeepAlive, kCommit, kKeepAlive}));
}

TEST_F(EventSenderTest, NothingFollowsDone) {
  sender_.Begin();
  timers_.Advance(kInterval / 2);
  sender_.End();
  sender_.End();
  EXPECT_FALSE(Commit());
  timers_.Advance(absl::Hours(1));
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset, kDone}));
}

TEST_F(EventSenderTest, RefusedKeepAliveIsReportedAndComesAgain) {
  host_.refused = {kKeepAlive};
  sender_.Begin();
  EXPECT_FALSE(sender_.keep_alive_refused());
  timers_.Advance(kInterval);
  EXPECT_TRUE(sender_.keep_alive_refused());
  EXPECT_EQ(refusals_, 1);
  timers_.Advance(kInterval);
  EXPECT_EQ(refusals_, 2);
  EXPECT_TRUE(Commit());
  sender_.End();
  sender_.Begin();
  EXPECT_FALSE(sender_.keep_alive_refused());
}

TEST_F(EventSenderTest, EventsThatTheHostDoesNotTakeAreReported) {
  host_.refused = {kReset};
  EXPECT_FALSE(sender_.Begin());
  host_.down = true;
  EXPECT_FALSE(Commit());
  timers_.Advance(kInterval);
  EXPECT_EQ(refusals_, 1);
  host_.down = false;
  EXPECT_TRUE(Commit());
}

TEST_F(EventSenderTest, EndFollowsWhenTheChannelIsBack) {
  const auto aborted = "vmbackup.eventSet req.aborted 4 Quiesce canceled.\0"s;
  sender_.Begin();
  host_.down = true;
  Commit();
  EXPECT_FALSE(sender_.Send(AbortedEvent()));
  timers_.Advance(kInterval);
  sender_.End();
  sender_.Resume();
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset}));
  host_.down = false;
  timers_.Advance(EventSender::kResendTime);
  sender_.Resume();
  sender_.Resume();
  timers_.Advance(absl::Hours(1));
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset, aborted, kDone}));
}

TEST_F(EventSenderTest, UnsentEventComesBeforeTheNextOnes) {
  const auto aborted = "vmbackup.eventSet req.aborted 4 Quiesce canceled.\0"s;
  sender_.Begin();
  host_.down = true;
  EXPECT_FALSE(sender_.Send(AbortedEvent()));
  host_.down = false;
  sender_.End();
  sender_.Resume();
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset, aborted, kDone}));
}

TEST_F(EventSenderTest, OldEndIsNotSent) {
  sender_.Begin();
  host_.down = true;
  sender_.End();
  host_.down = false;
  timers_.Advance(EventSender::kResendTime + absl::Seconds(1));
  sender_.Resume();
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset}));
  // Nor that of the snapshot before.
  sender_.Begin();
  host_.down = true;
  sender_.End();
  host_.down = false;
  sender_.Begin();
  sender_.Resume();
  EXPECT_EQ(host_.requests, (std::vector<std::string>{kReset, kReset, kReset}));
}

// The thread of keepAlive and the channel's thread send at the same time.
TEST(EventSenderThreads, NothingOvertakesDone) {
  RpciRecorder host;
  std::function<void()> keep_alive;
  absl::Mutex mutex;
  EventSender sender(
      host.Send(),
      [&](absl::Time, std::function<void()> task) {
        absl::MutexLock lock(&mutex);
        keep_alive = std::move(task);
      },
      [] {}, [] { return absl::UnixEpoch(); });
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    while (!stop) {
      std::function<void()> task;
      {
        absl::MutexLock lock(&mutex);
        task = keep_alive;
      }
      if (task) task();
    }
  });
  for (int i = 0; i < 50; ++i) {
    sender.Begin();
    sender.Send({kCommitEvent, EventCode::kSuccess, ""});
    sender.End();
  }
  stop = true;
  thread.join();
  int open = 0;
  int done = 0;
  for (const std::string& request : host.requests) {
    if (request == kReset) {
      EXPECT_EQ(open++, 0);
    }
    EXPECT_EQ(open, 1) << request;
    if (request == kDone) ++done, --open;
  }
  EXPECT_EQ(done, 50);
}

}  // namespace
}  // namespace toolboxd::snapshot
