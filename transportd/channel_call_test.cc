// SPDX-License-Identifier: Apache-2.0

#include "transportd/channel_call.h"

#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(ChannelCall, TaskRunsOnTheQueuesThread) {
  TaskQueue queue;
  std::thread channel([&queue] { queue.RunUntil(absl::InfiniteFuture()); });
  const absl::StatusOr<std::thread::id> id = CallOnChannel<std::thread::id>(
      queue, absl::InfiniteFuture(), [] { return std::this_thread::get_id(); });
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, channel.get_id());
  queue.Stop();
  channel.join();
}

TEST(ChannelCall, BusyThreadIsWaitedForUntilTheDeadline) {
  TaskQueue queue;
  const absl::StatusOr<int> result =
      CallOnChannel<int>(queue, absl::Now() + absl::Milliseconds(10), [] { return 1; });
  EXPECT_TRUE(absl::IsDeadlineExceeded(result.status()));
  // The task runs all the same, and its result goes nowhere.
  queue.Stop();
  queue.RunUntil(absl::InfinitePast());
}

}  // namespace
}  // namespace toolboxd
