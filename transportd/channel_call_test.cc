// SPDX-License-Identifier: Apache-2.0

#include "transportd/channel_call.h"

#include <atomic>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

bool Stays() { return false; }

TEST(ChannelCall, TaskRunsOnTheQueuesThread) {
  TaskQueue queue;
  std::thread channel([&queue] { queue.RunUntil(absl::InfiniteFuture()); });
  const absl::StatusOr<std::thread::id> id = CallOnChannel<std::thread::id>(
      queue, absl::InfiniteFuture(), Stays, [] { return std::this_thread::get_id(); });
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, channel.get_id());
  queue.Stop();
  channel.join();
}

TEST(ChannelCall, BusyThreadIsWaitedForUntilTheDeadline) {
  TaskQueue queue;
  const absl::StatusOr<int> result =
      CallOnChannel<int>(queue, absl::Now() + absl::Milliseconds(10), Stays, [] { return 1; });
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status()));
}

// Each would keep the host waiting, and its memory.
TEST(ChannelCall, CallersThatGiveUpLeaveNothingToDo) {
  TaskQueue queue;
  int ran = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(CallOnChannel<int>(queue, absl::Now(), Stays, [&ran] { return ++ran; }).ok());
  }
  EXPECT_EQ(queue.size(), 0u);
  queue.RunUntil(absl::InfinitePast());
  EXPECT_EQ(ran, 0);
}

TEST(ChannelCall, CallerWhoHasGivenUpIsNotWaitedFor) {
  TaskQueue queue;
  std::atomic<bool> gone{false};
  absl::StatusOr<int> result = 0;
  std::thread call([&] {
    result = CallOnChannel<int>(
        queue, absl::InfiniteFuture(), [&gone] { return gone.load(); }, [] { return 1; });
  });
  absl::SleepFor(2 * kGivenUpCheck);
  EXPECT_EQ(queue.size(), 1u);
  gone = true;
  call.join();
  EXPECT_TRUE(absl::IsCancelled(result.status())) << result.status();
  EXPECT_EQ(queue.size(), 0u);
}

TEST(ChannelCall, TaskThatHasBegunRunsOnWithoutItsCaller) {
  TaskQueue queue;
  absl::Notification given_up, ended;
  std::thread channel([&queue] { queue.RunUntil(absl::InfiniteFuture()); });
  const absl::StatusOr<int> result =
      CallOnChannel<int>(queue, absl::Now() + absl::Milliseconds(50), Stays, [&] {
        given_up.WaitForNotification();
        ended.Notify();
        return 1;
      });
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status()));
  given_up.Notify();
  ended.WaitForNotification();
  queue.Stop();
  channel.join();
}

}  // namespace
}  // namespace toolboxd
