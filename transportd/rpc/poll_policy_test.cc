// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/poll_policy.h"

#include <vector>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

// The delays, in ms, of empty polls that follow each other.
std::vector<int64_t> EmptyPolls(PollPolicy& policy, absl::Time& now, int count) {
  std::vector<int64_t> delays;
  for (int i = 0; i < count; ++i) {
    const absl::Duration delay = policy.AfterEmptyPoll(now);
    now += delay;
    delays.push_back(absl::ToInt64Milliseconds(delay));
  }
  return delays;
}

using Delays = std::vector<int64_t>;

TEST(PollPolicy, DelayDoublesAtTheStartAndAfterAnOrdinaryCommand) {
  PollPolicy policy;
  absl::Time now = kStart;
  EXPECT_EQ(EmptyPolls(policy, now, 6), (Delays{10, 20, 40, 80, 104, 104}));
  policy.OnCommand(Pace::kOrdinary, now);
  EXPECT_EQ(EmptyPolls(policy, now, 6), (Delays{10, 20, 40, 80, 104, 104}));
}

TEST(PollPolicy, AfterALoneHeartbeatOnePollIsEarly) {
  PollPolicy policy;
  absl::Time now = kStart;
  EmptyPolls(policy, now, 6);
  policy.OnCommand(Pace::kHeartbeat, now);
  EXPECT_EQ(EmptyPolls(policy, now, 3), (Delays{10, 104, 104}));
}

TEST(PollPolicy, HeartbeatDoesNotRestartAnotherCommandsDelays) {
  PollPolicy policy;
  absl::Time now = kStart;
  policy.OnCommand(Pace::kOrdinary, now);
  EXPECT_EQ(EmptyPolls(policy, now, 1), (Delays{10}));
  policy.OnCommand(Pace::kHeartbeat, now);
  EXPECT_EQ(EmptyPolls(policy, now, 4), (Delays{20, 40, 80, 104}));
}

TEST(PollPolicy, PollingIsCloseAfterAGuestOperation) {
  PollPolicy policy;
  absl::Time now = kStart;
  policy.OnCommand(Pace::kGuestOperation, now);
  // As often as it can at first.
  EXPECT_EQ(policy.AfterEmptyPoll(now), absl::ZeroDuration());
  EXPECT_EQ(policy.AfterEmptyPoll(now + absl::Microseconds(199)), absl::ZeroDuration());
  // Then eight polls until the first millisecond has passed.
  now += absl::Microseconds(200);
  EXPECT_EQ(EmptyPolls(policy, now, 8), Delays(8, 0));
  EXPECT_EQ(now, kStart + absl::Milliseconds(1));
  EXPECT_EQ(EmptyPolls(policy, now, 49), Delays(49, 1));
  EXPECT_EQ(EmptyPolls(policy, now, 6), (Delays{10, 20, 40, 80, 104, 104}));
}

TEST(PollPolicy, IdleHostIsPolledAtMostTenTimesASecond) {
  PollPolicy policy;
  absl::Time now = kStart;
  EmptyPolls(policy, now, 6);
  const absl::Time begin = now;
  int polls = 0;
  for (int ping = 0; ping < 12; ++ping) {
    const absl::Time next = now + absl::Seconds(5);
    policy.OnCommand(Pace::kHeartbeat, now);
    ++polls;
    while (now < next) {
      now += policy.AfterEmptyPoll(now);
      ++polls;
    }
  }
  EXPECT_LE(polls, 10 * absl::ToDoubleSeconds(now - begin));
}

}  // namespace
}  // namespace toolboxd
