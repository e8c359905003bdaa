// SPDX-License-Identifier: Apache-2.0

#include "daemon/quiet_engine.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc_event_engine::experimental::EventEngine;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST(QuietEngine, RunsTasksAndTimersInTheOrderTheyAreDue) {
  std::unique_ptr<EventEngine> engine = NewQuietEngine();
  std::mutex mutex;
  std::vector<int> order;
  std::promise<void> done;
  auto note = [&](int number) {
    std::lock_guard<std::mutex> lock(mutex);
    order.push_back(number);
    if (order.size() == 3) done.set_value();
  };
  // Far from the next one: under an emulator tens of milliseconds pass between the two calls.
  engine->RunAfter(milliseconds(1000), [&] { note(3); });
  engine->RunAfter(milliseconds(20), [&] { note(2); });
  engine->Run([&] { note(1); });
  done.get_future().wait();
  EXPECT_THAT(order, testing::ElementsAre(1, 2, 3));
}

TEST(QuietEngine, CancelledTimerNeverRuns) {
  std::unique_ptr<EventEngine> engine = NewQuietEngine();
  std::atomic<bool> ran{false};
  const EventEngine::TaskHandle handle = engine->RunAfter(hours(1), [&ran] { ran = true; });
  EXPECT_TRUE(engine->Cancel(handle));
  EXPECT_FALSE(engine->Cancel(handle));
  engine.reset();
  EXPECT_FALSE(ran);
}

TEST(QuietEngine, TaskThatHasRunCannotBeCancelled) {
  std::unique_ptr<EventEngine> engine = NewQuietEngine();
  std::promise<void> ran;
  const EventEngine::TaskHandle handle =
      engine->RunAfter(milliseconds(1), [&ran] { ran.set_value(); });
  ran.get_future().wait();
  EXPECT_FALSE(engine->Cancel(handle));
}

TEST(QuietEngine, TasksMayAddAndCancelTasks) {
  std::unique_ptr<EventEngine> engine = NewQuietEngine();
  std::promise<bool> result;
  engine->Run([&] {
    EXPECT_TRUE(engine->IsWorkerThread());
    const EventEngine::TaskHandle handle = engine->RunAfter(hours(1), [] {});
    const bool cancelled = engine->Cancel(handle);
    engine->Run([&result, cancelled] { result.set_value(cancelled); });
  });
  EXPECT_TRUE(result.get_future().get());
  EXPECT_FALSE(engine->IsWorkerThread());
}

TEST(QuietEngine, MayBeDestroyedByItsOwnTask) {
  auto* engine = NewQuietEngine().release();
  std::promise<void> destroyed;
  engine->Run([engine, &destroyed] {
    delete engine;
    destroyed.set_value();
  });
  destroyed.get_future().wait();
}

TEST(QuietEngine, ObjectsOfATaskMayUseTheEngineInTheirDestructor) {
  std::unique_ptr<EventEngine> engine = NewQuietEngine();
  std::promise<void> ran;
  auto owned = std::shared_ptr<int>(new int, [&engine, &ran](int* number) {
    delete number;
    engine->Run([&ran] { ran.set_value(); });
  });
  const EventEngine::TaskHandle handle =
      engine->RunAfter(hours(1), [kept = std::move(owned)] { (void)kept; });
  EXPECT_TRUE(engine->Cancel(handle));
  ran.get_future().wait();
}

}  // namespace
}  // namespace toolboxd
