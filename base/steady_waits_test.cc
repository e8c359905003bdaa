// SPDX-License-Identifier: Apache-2.0

#include "base/steady_waits.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/process_stat.h"
#include "base/steady_time.h"
#include "base/testing/stepped_clock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using std::chrono::hours;

// Returns when thread `id` has been asleep for about 20 ms.
void AwaitSleeping(pid_t id) {
  for (int asleep = 0; asleep < 20;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    asleep = ReadProcessStat(id).state == 'S' ? asleep + 1 : 0;
  }
}

// How long `wait` takes while the wall clock is set, and what it returns. The clock is not set
// before the thread waits: a deadline is read from the clock that it was made by.
std::pair<absl::Duration, bool> TimeOf(const std::function<bool()>& wait,
                                       std::chrono::nanoseconds step) {
  std::thread setter([step, waiting = gettid()] {
    AwaitSleeping(waiting);
    StepClock(step);
  });
  const absl::Time begin = SteadyNow();
  const bool result = wait();
  const absl::Duration time = SteadyNow() - begin;
  setter.join();
  StepClock(-step);
  return {time, result};
}

// All kinds of waits of 200 ms for what does not happen.
std::vector<std::function<bool()>> Waits() {
  return {
      [] {
        absl::Mutex mutex;
        bool never = false;
        absl::MutexLock lock(&mutex);
        return mutex.AwaitWithTimeout(absl::Condition(&never), absl::Milliseconds(200));
      },
      [] {
        absl::Mutex mutex;
        bool never = false;
        absl::MutexLock lock(&mutex);
        return mutex.AwaitWithDeadline(absl::Condition(&never),
                                       absl::Now() + absl::Milliseconds(200));
      },
      [] {
        absl::Mutex mutex;
        absl::CondVar changed;
        absl::MutexLock lock(&mutex);
        return !changed.WaitWithTimeout(&mutex, absl::Milliseconds(200));
      },
      [] { return absl::Notification().WaitForNotificationWithTimeout(absl::Milliseconds(200)); },
  };
}

TEST(SteadyWaits, ClockThatIsSetBackMakesNoWaitLonger) {
  UseSteadyWaits();
  for (const auto& wait : Waits()) {
    const auto [time, result] = TimeOf(wait, -hours(1));
    EXPECT_FALSE(result);
    EXPECT_GE(time, absl::Milliseconds(199));
    EXPECT_LT(time, absl::Seconds(20));
  }
}

TEST(SteadyWaits, ClockThatIsSetForwardMakesNoWaitShorter) {
  UseSteadyWaits();
  for (const auto& wait : Waits()) {
    const auto [time, result] = TimeOf(wait, hours(1));
    EXPECT_FALSE(result);
    EXPECT_GE(time, absl::Milliseconds(199));
    EXPECT_LT(time, absl::Seconds(20));
  }
}

TEST(SteadyWaits, KernelEndsNoWaitByTheWallClock) {
  UseSteadyWaits();
  const int before = WaitsByWallClock();
  for (const auto& wait : Waits()) wait();
  EXPECT_EQ(WaitsByWallClock(), before);
}

TEST(SteadyWaits, TimeInThePastIsNotWaitedFor) {
  UseSteadyWaits();
  absl::Notification never;
  for (const absl::Time past :
       {absl::InfinitePast(), absl::UnixEpoch(), absl::Now() - absl::Seconds(1)}) {
    EXPECT_FALSE(never.WaitForNotificationWithDeadline(past));
  }
}

TEST(SteadyWaits, TimeFarAwayIsWaitedForUntilTheEvent) {
  UseSteadyWaits();
  for (const absl::Duration far :
       {absl::Hours(24 * 365 * 200), absl::Hours(24 * 365 * 290), absl::InfiniteDuration()}) {
    absl::Notification happens;
    std::thread other([&happens] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      happens.Notify();
    });
    EXPECT_TRUE(happens.WaitForNotificationWithTimeout(far));
    other.join();
  }
}

TEST(SteadyWaits, WaitLeavesErrnoAlone) {
  UseSteadyWaits();
  errno = EXDEV;
  EXPECT_FALSE(absl::Notification().WaitForNotificationWithTimeout(absl::Milliseconds(1)));
  EXPECT_EQ(errno, EXDEV);
}

// Numbers that eight threads pass from one to the next, some with timeouts that run out now and
// then: none is lost, none comes twice.
TEST(SteadyWaits, ThreadsThatWaitForEachOtherLoseNothing) {
  UseSteadyWaits();
  constexpr int kThreads = 8;
  constexpr int kRounds = 2000;
  absl::Mutex mutex;
  int turn = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int self = 0; self < kThreads; ++self) {
    threads.emplace_back([&, self] {
      const auto mine = [&turn, self] { return turn % kThreads == self; };
      for (int round = 0; round < kRounds; ++round) {
        absl::MutexLock lock(&mutex);
        while (
            !mutex.AwaitWithTimeout(absl::Condition(&mine), absl::Microseconds(20 + 10 * self))) {
        }
        ++turn;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turn, kThreads * kRounds);
}

}  // namespace
}  // namespace toolboxd
