// SPDX-License-Identifier: Apache-2.0

#include "transportd/task_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

#include "base/steady_time.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(TaskQueue, TasksRunInOrderEvenPastTheDeadline) {
  TaskQueue queue;
  std::vector<int> ran;
  queue.Post([&] { ran.push_back(1); });
  queue.Post([&] { ran.push_back(2); });
  EXPECT_TRUE(queue.RunUntil(absl::InfinitePast()));
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(TaskQueue, WithdrawnTaskDoesNotRun) {
  TaskQueue queue;
  std::vector<int> ran;
  queue.Post([&] {
    ran.push_back(1);
    // It waits for this one.
    queue.Withdraw(3);
  });
  const uint64_t second = queue.Post([&] { ran.push_back(2); });
  EXPECT_EQ(queue.Post([&] { ran.push_back(3); }), 3u);
  queue.Post([&] { ran.push_back(4); });
  queue.Withdraw(second);
  queue.Withdraw(99);
  EXPECT_TRUE(queue.RunUntil(absl::InfinitePast()));
  queue.Withdraw(1);
  EXPECT_EQ(ran, (std::vector<int>{1, 4}));
}

// Otherwise callers without end would keep the owner from the host.
TEST(TaskQueue, TasksThatComeMeanwhileWaitForTheNextTime) {
  TaskQueue queue;
  int ran = 0;
  std::function<void()> post = [&] { queue.Post([&] { ++ran, post(); }); };
  post();
  EXPECT_TRUE(queue.RunUntil(absl::InfinitePast()));
  EXPECT_EQ(ran, 1);
}

TEST(TaskQueue, OwnerSleepsUntilTheDeadline) {
  TaskQueue queue;
  const absl::Time deadline = SteadyNow() + absl::Milliseconds(20);
  EXPECT_TRUE(queue.RunUntil(deadline));
  EXPECT_GE(SteadyNow(), deadline);
}

TEST(TaskQueue, PostFromAnotherThreadWakesTheOwner) {
  TaskQueue queue;
  std::thread::id ran_on;
  std::thread other([&] {
    queue.Post([&] { ran_on = std::this_thread::get_id(); });
    queue.Post([&] { queue.Stop(); });
  });
  EXPECT_FALSE(queue.RunUntil(absl::InfiniteFuture()));
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(TaskQueue, TaskMayPostAnotherTask) {
  TaskQueue queue;
  bool second = false;
  queue.Post([&] {
    queue.Post([&] {
      second = true;
      queue.Stop();
    });
  });
  EXPECT_FALSE(queue.RunUntil(absl::InfiniteFuture()));
  EXPECT_TRUE(second);
}

TEST(TaskQueue, TimedTasksRunInTheOrderOfTheirTimes) {
  TaskQueue queue;
  std::vector<int> ran;
  const absl::Time now = SteadyNow();
  queue.PostAt(now + absl::Milliseconds(20), [&] {
    ran.push_back(2);
    queue.Stop();
  });
  queue.PostAt(now + absl::Milliseconds(10), [&] { ran.push_back(1); });
  queue.PostAt(now + absl::Hours(1), [&] { ran.push_back(3); });
  EXPECT_TRUE(queue.RunUntil(now));
  EXPECT_TRUE(ran.empty());
  EXPECT_FALSE(queue.RunUntil(absl::InfiniteFuture()));
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
  EXPECT_GE(SteadyNow() - now, absl::Milliseconds(20));
}

TEST(TaskQueue, SleepEndsWhenTheDescriptorIsReadable) {
  TaskQueue queue;
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  EXPECT_TRUE(queue.RunUntil(SteadyNow() + absl::Milliseconds(5), fd));
  bool ran = false;
  queue.Post([&] {
    ran = true;
    eventfd_write(fd, 1);
  });
  EXPECT_TRUE(queue.RunUntil(absl::InfiniteFuture(), fd));
  EXPECT_TRUE(ran);
  close(fd);
}

TEST(TaskQueue, NoTaskRunsAfterStop) {
  TaskQueue queue;
  queue.Stop();
  queue.Post([] { FAIL(); });
  EXPECT_FALSE(queue.RunUntil(absl::InfiniteFuture()));
}

}  // namespace
}  // namespace toolboxd
