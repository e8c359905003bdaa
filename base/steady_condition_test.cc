// SPDX-License-Identifier: Apache-2.0

#include "base/steady_condition.h"

#include <gtest/gtest.h>

#include <thread>

namespace toolboxd {
namespace {

using std::chrono::steady_clock;

TEST(SteadyCondition, WaitEndsAtItsTimeAndNotBefore) {
  SteadyCondition condition;
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  const steady_clock::time_point end = steady_clock::now() + std::chrono::milliseconds(20);
  int waits = 0;
  while (steady_clock::now() < end) {
    condition.WaitUntil(lock, end);
    ++waits;
  }
  // A wait by another clock would return at once each time.
  EXPECT_LT(waits, 100);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(SteadyCondition, TimeThatIsOverIsNotWaitedFor) {
  SteadyCondition condition;
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  condition.WaitUntil(lock, steady_clock::time_point::min());
  condition.WaitUntil(lock, steady_clock::now() - std::chrono::hours(1));
  EXPECT_TRUE(lock.owns_lock());
}

TEST(SteadyCondition, NotificationEndsAWait) {
  SteadyCondition condition;
  std::mutex mutex;
  bool ready = false;
  std::thread other([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    ready = true;
    condition.NotifyOne();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (!ready) condition.Wait(lock);
  }
  other.join();
}

TEST(SteadyCondition, NotificationEndsAWaitThatHasATime) {
  SteadyCondition condition;
  std::mutex mutex;
  bool ready = false;
  std::thread other([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    ready = true;
    condition.NotifyOne();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (!ready) condition.WaitUntil(lock, steady_clock::now() + std::chrono::hours(1));
  }
  other.join();
}

}  // namespace
}  // namespace toolboxd
