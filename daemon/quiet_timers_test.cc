// SPDX-License-Identifier: Apache-2.0

#include "daemon/quiet_timers.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "daemon/quiet_engine.h"
#include "grpc/grpc.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/alarm.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// How often gRPC's timer threads have gone to sleep.
int64_t TimerThreadSleeps() {
  int64_t sleeps = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name, word;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name != "grpc_global_tim") continue;
    std::ifstream status(task.path() / "status");
    while (status >> word) {
      if (word != "voluntary_ctxt_switches:") continue;
      status >> word;
      sleeps += std::stoll(word);
    }
  }
  return sleeps;
}

class QuietTimersTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    InstallQuietEngine();
    InstallQuietTimers();
    // Keeps gRPC's threads while there is no channel.
    grpc_init();
  }

  // A call that no process answers: how long it takes to fail.
  absl::Duration UnansweredCall(absl::Duration timeout) {
    HealthCheckResponse response;
    grpc::ClientContext context;
    SetTimeout(timeout, &context);
    context.set_wait_for_ready(true);
    const absl::Time begin = absl::Now();
    const grpc::Status status =
        Health::NewStub(channel_)->Check(&context, HealthCheckRequest(), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    return absl::Now() - begin;
  }

  ShortTempDir dir_;
  std::shared_ptr<grpc::Channel> channel_ = ConnectUnix(dir_.File("missing"));
};

TEST_F(QuietTimersTest, ThreadsSleepWhereNoTimerIsSet) {
  UnansweredCall(absl::Milliseconds(20));
  channel_.reset();
  ASSERT_TRUE(Eventually([] { return PendingGrpcTimers() == 0; }));
  const int64_t before = TimerThreadSleeps();
  EXPECT_GT(before, 0);
  // By itself gRPC wakes three times in it.
  absl::SleepFor(absl::Milliseconds(3200));
  EXPECT_LE(TimerThreadSleeps() - before, 1);
}

TEST_F(QuietTimersTest, DeadlineFiresAfterAllThreadsSlept) {
  for (int i = 0; i < 3; ++i) {
    const absl::Duration took = UnansweredCall(absl::Milliseconds(200));
    EXPECT_GE(took, absl::Milliseconds(195));
    EXPECT_LT(took, absl::Seconds(2));
  }
}

// Each is earlier than all before it, or later, or between them.
TEST_F(QuietTimersTest, DeadlinesFireInTheirOrderAndNotInThatOfTheCalls) {
  std::vector<std::thread> calls;
  std::vector<absl::Duration> took(30);
  for (size_t i = 0; i < took.size(); ++i) {
    const absl::Duration timeout = absl::Milliseconds(100 + (i * 7 % took.size()) * 40);
    calls.emplace_back([this, &took, i, timeout] { took[i] = UnansweredCall(timeout) - timeout; });
  }
  for (std::thread& call : calls) call.join();
  for (const absl::Duration late : took) {
    EXPECT_GE(late, absl::Milliseconds(-5));
    EXPECT_LT(late, absl::Seconds(2));
  }
}

// gRPC looks for near timers in windows, and fires one that is due when a window ends only 1 ms
// later.
TEST_F(QuietTimersTest, DeadlinesAtTheEdgeOfAWindowFire) {
  for (int i = 0; i < 150; ++i) {
    ASSERT_LT(UnansweredCall(absl::Milliseconds(5 + i % 23)), absl::Seconds(2)) << i;
  }
}

TEST_F(QuietTimersTest, ShortDeadlineFiresBesideALongOne) {
  std::thread longer([this] { UnansweredCall(absl::Seconds(1)); });
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_LT(UnansweredCall(absl::Milliseconds(100)), absl::Milliseconds(800));
  longer.join();
}

// Alarms that are due at once, or when others are set and cancelled; none of what a thread sets
// later would show that one was missed. How many have neither fired nor been cancelled in time.
size_t MissedAlarms(int rounds) {
  constexpr int kAlarms = 8;
  size_t missed = 0;
  grpc::CompletionQueue queue;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::unique_ptr<grpc::Alarm>> alarms;
    for (int i = 0; i < kAlarms; ++i) {
      alarms.push_back(std::make_unique<grpc::Alarm>());
      const auto due = std::chrono::system_clock::now() +
                       std::chrono::microseconds((round * 7 + i * 311) % 2500);
      alarms.back()->Set(&queue, due, nullptr);
      if (i % 3 == 2) alarms.back()->Cancel();
    }
    void* tag;
    bool fired;
    for (int i = 0; i < kAlarms; ++i) {
      const auto late = std::chrono::system_clock::now() + std::chrono::seconds(2);
      const auto next = queue.AsyncNext(&tag, &fired, late);
      if (next != grpc::CompletionQueue::GOT_EVENT) return ++missed;
    }
  }
  queue.Shutdown();
  return missed;
}

TEST_F(QuietTimersTest, ThousandsOfAlarmsOfManyThreadsFire) {
  std::vector<std::thread> threads;
  std::atomic<size_t> missed{0};
  for (int i = 0; i < 6; ++i) threads.emplace_back([&missed] { missed += MissedAlarms(150); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(missed, 0u);
}

TEST_F(QuietTimersTest, CancelledTimersAreForgotten) {
  for (int i = 0; i < 100; ++i) {
    grpc::ClientContext context;
    SetTimeout(absl::Hours(1), &context);
    context.set_wait_for_ready(true);
    context.TryCancel();
    HealthCheckResponse response;
    EXPECT_EQ(
        Health::NewStub(channel_)->Check(&context, HealthCheckRequest(), &response).error_code(),
        grpc::StatusCode::CANCELLED);
  }
  channel_.reset();
  EXPECT_TRUE(Eventually([] { return PendingGrpcTimers() == 0; }));
}

}  // namespace
}  // namespace toolboxd
