// SPDX-License-Identifier: Apache-2.0

#include "daemon/timer_deadlines.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// gRPC's answer where nothing is due soon.
constexpr int64_t kFar = 5000;

class TimerDeadlinesTest : public testing::Test {
 protected:
  uint64_t Add(const int& timer, int64_t deadline) {
    return deadlines_.Add(&timer, deadline).number;
  }
  // As gRPC has it.
  void Set(const int& timer, int64_t deadline) { deadlines_.Settle(&timer, Add(timer, deadline)); }
  int64_t Check(int64_t now, int64_t proposed = kFar) {
    return deadlines_.NextCheck(deadlines_.BeginCheck(), now, proposed);
  }

  TimerDeadlines deadlines_;
  int one_ = 0, other_ = 0;
};

TEST_F(TimerDeadlinesTest, EarliestTimerIsWaitedForAndThenForgotten) {
  EXPECT_EQ(Check(10), TimerDeadlines::kNever);
  Set(one_, 100);
  Set(other_, 300);
  EXPECT_EQ(Check(20), 100);
  EXPECT_EQ(Check(100), 300);
  EXPECT_EQ(deadlines_.size(), 1u);
  deadlines_.Remove(&other_);
  EXPECT_EQ(Check(100), TimerDeadlines::kNever);
}

TEST_F(TimerDeadlinesTest, OnlyAnEarlierTimerHasThreadsLookAgain) {
  EXPECT_TRUE(deadlines_.Add(&one_, 100).look_again);
  EXPECT_FALSE(deadlines_.Add(&other_, 100).look_again);
  EXPECT_TRUE(deadlines_.Add(&other_, 99).look_again);
}

// gRPC says 1 ms more than the end of its window, at which a timer may be due.
TEST_F(TimerDeadlinesTest, TimerAtTheEndOfTheWindowHasNotFired) {
  Set(one_, 100);
  EXPECT_EQ(Check(100, 101), 101);
  EXPECT_EQ(Check(101, 110), TimerDeadlines::kNever);
}

// gRPC counts a timer by the time that the thread of its call saw last, so it may be due when it
// comes. What another thread does then is that the check misses it and takes its kick.
TEST_F(TimerDeadlinesTest, DueTimerThatComesDuringACheckIsLookedForAgain) {
  const uint64_t check = deadlines_.BeginCheck();
  Set(one_, 100);
  EXPECT_EQ(deadlines_.NextCheck(check, 105, kFar), 106);
  EXPECT_EQ(deadlines_.size(), 1u);
  EXPECT_EQ(Check(106), TimerDeadlines::kNever);
  EXPECT_EQ(deadlines_.size(), 0u);
}

TEST_F(TimerDeadlinesTest, DueTimerIsLookedForUntilGrpcHasIt) {
  const uint64_t number = Add(one_, 100);
  EXPECT_EQ(Check(105), 106);
  EXPECT_EQ(Check(106), 107);
  deadlines_.Settle(&one_, number);
  EXPECT_EQ(Check(107), TimerDeadlines::kNever);
}

// It fired while it was added, and its memory is another timer's.
TEST_F(TimerDeadlinesTest, TimerAtAnEarlierTimersAddressIsNotSettledWithIt) {
  const uint64_t former = Add(one_, 100);
  const uint64_t number = Add(one_, 101);
  deadlines_.Settle(&one_, former);
  EXPECT_EQ(Check(105), 106);
  deadlines_.Settle(&one_, number);
  EXPECT_EQ(Check(106), TimerDeadlines::kNever);
  deadlines_.Settle(&one_, number);
  EXPECT_EQ(deadlines_.size(), 0u);
}

}  // namespace
}  // namespace toolboxd
