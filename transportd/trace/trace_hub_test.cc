// SPDX-License-Identifier: Apache-2.0

#include "transportd/trace/trace_hub.h"

#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd::trace {
namespace {

v1::TraceEvent Event(const char* command) {
  v1::TraceEvent event;
  event.set_command(command);
  return event;
}

bool Never() { return false; }
bool Now() { return true; }

TEST(TraceHub, EventsReachEveryListenerInTheirOrder) {
  TraceHub hub;
  EXPECT_FALSE(hub.listening());
  hub.Publish(Event("before"), absl::ZeroDuration());
  const auto first = TraceHub::Listener::Create(hub);
  const auto second = TraceHub::Listener::Create(hub);
  EXPECT_TRUE(hub.listening());
  hub.Publish(Event("a"), absl::Milliseconds(3));
  hub.Publish(Event("b"), absl::ZeroDuration());
  for (TraceHub::Listener* listener : {first.get(), second.get()}) {
    const std::optional<v1::TraceEvent> a = listener->Next(Never);
    ASSERT_TRUE(a.has_value());
    EXPECT_EQ(a->command(), "a");
    EXPECT_EQ(a->duration_us(), 3000u);
    EXPECT_NEAR(a->time_us(), absl::ToUnixMicros(absl::Now()), 60e6);
    EXPECT_EQ(listener->Next(Never)->command(), "b");
    EXPECT_FALSE(listener->Next(Now).has_value());
  }
}

TEST(TraceHub, ListenerSleepsUntilThereIsAnEvent) {
  TraceHub hub;
  const auto listener = TraceHub::Listener::Create(hub);
  std::thread other([&hub] {
    absl::SleepFor(absl::Milliseconds(20));
    hub.Publish(Event("a"), absl::ZeroDuration());
  });
  EXPECT_EQ(listener->Next(Never)->command(), "a");
  other.join();
}

TEST(TraceHub, SlowListenerMissesEventsAndLearnsHowMany) {
  TraceHub hub;
  const auto listener = TraceHub::Listener::Create(hub);
  for (size_t i = 0; i < TraceHub::kMaxWaiting + 5; ++i) {
    hub.Publish(Event("a"), absl::ZeroDuration());
  }
  for (size_t i = 0; i < TraceHub::kMaxWaiting; ++i) EXPECT_EQ(listener->Next(Now)->missed(), 0u);
  EXPECT_FALSE(listener->Next(Now).has_value());
  hub.Publish(Event("b"), absl::ZeroDuration());
  EXPECT_EQ(listener->Next(Now)->missed(), 5u);
  hub.Publish(Event("c"), absl::ZeroDuration());
  EXPECT_EQ(listener->Next(Now)->missed(), 0u);
}

TEST(TraceHub, ListenersAreLimitedAndLeaveTheirPlaces) {
  TraceHub hub;
  std::vector<std::unique_ptr<TraceHub::Listener>> listeners;
  for (size_t i = 0; i < TraceHub::kMaxListeners; ++i) {
    listeners.push_back(TraceHub::Listener::Create(hub));
    EXPECT_NE(listeners.back(), nullptr);
  }
  EXPECT_EQ(TraceHub::Listener::Create(hub), nullptr);
  listeners.pop_back();
  EXPECT_NE(TraceHub::Listener::Create(hub), nullptr);
  listeners.clear();
  EXPECT_FALSE(hub.listening());
}

TEST(TraceHub, CloseEndsListeners) {
  TraceHub hub;
  const auto listener = TraceHub::Listener::Create(hub);
  std::thread other([&hub] {
    absl::SleepFor(absl::Milliseconds(20));
    hub.Close();
  });
  EXPECT_FALSE(listener->Next(Never).has_value());
  other.join();
}

}  // namespace
}  // namespace toolboxd::trace
