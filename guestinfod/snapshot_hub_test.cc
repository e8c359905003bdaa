// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/snapshot_hub.h"

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(50);

v1::GuestInfoSnapshot Named(const std::string& name) {
  v1::GuestInfoSnapshot snapshot;
  snapshot.set_host_name(name);
  return snapshot;
}

bool Never() { return false; }

TEST(SnapshotHub, WatcherGetsTheNewestSnapshot) {
  SnapshotHub hub(1);
  EXPECT_EQ(hub.Get(), nullptr);
  hub.Publish(Named("a"));
  hub.Publish(Named("b"));
  EXPECT_EQ(hub.Get()->host_name(), "b");
}

TEST(SnapshotHub, SlowWatcherSkipsSnapshots) {
  SnapshotHub hub(1);
  hub.Publish(Named("a"));
  const auto watcher = SnapshotHub::Watcher::Create(hub, kPatience);
  EXPECT_EQ(watcher->Next(Never)->host_name(), "a");
  hub.Publish(Named("b"));
  hub.Publish(Named("c"));
  EXPECT_EQ(watcher->Next(Never)->host_name(), "c");
}

TEST(SnapshotHub, WatcherWaitsForASnapshot) {
  SnapshotHub hub(1);
  const auto watcher = SnapshotHub::Watcher::Create(hub, kPatience);
  std::thread publisher([&hub] {
    absl::SleepFor(absl::Milliseconds(20));
    hub.Publish(Named("a"));
  });
  EXPECT_EQ(watcher->Next(Never)->host_name(), "a");
  publisher.join();
}

TEST(SnapshotHub, CloseEndsWatchers) {
  SnapshotHub hub(1);
  hub.Publish(Named("a"));
  const auto watcher = SnapshotHub::Watcher::Create(hub, kPatience);
  watcher->Next(Never);
  std::thread closer([&hub] {
    absl::SleepFor(absl::Milliseconds(20));
    hub.Close();
  });
  EXPECT_EQ(watcher->Next(Never), nullptr);
  closer.join();
}

TEST(SnapshotHub, CancelledWatcherEndsWhenItIsWoken) {
  SnapshotHub hub(1);
  std::atomic<bool> cancelled = false;
  std::thread watching([&] {
    const auto watcher = SnapshotHub::Watcher::Create(hub, kPatience);
    EXPECT_EQ(watcher->Next([&] { return cancelled.load(); }), nullptr);
  });
  absl::SleepFor(absl::Milliseconds(20));
  cancelled = true;
  hub.WakeWatchers();
  watching.join();
}

TEST(SnapshotHub, WatchersAreLimited) {
  SnapshotHub hub(2);
  const auto first = SnapshotHub::Watcher::Create(hub, kPatience);
  auto second = SnapshotHub::Watcher::Create(hub, kPatience);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(SnapshotHub::Watcher::Create(hub, kPatience), nullptr);
  second.reset();
  EXPECT_NE(SnapshotHub::Watcher::Create(hub, kPatience), nullptr);
}

TEST(SnapshotHub, CancelledWatcherFreesItsPlace) {
  SnapshotHub hub(1);
  std::atomic<bool> cancelled = false;
  std::atomic<bool> waiting = false;
  std::thread watching([&] {
    const auto watcher = SnapshotHub::Watcher::Create(hub, kPatience);
    watcher->Next([&] {
      waiting = true;
      return cancelled.load();
    });
  });
  while (!waiting) absl::SleepFor(absl::Milliseconds(1));
  cancelled = true;
  EXPECT_NE(SnapshotHub::Watcher::Create(hub, absl::Seconds(10)), nullptr);
  watching.join();
}

}  // namespace
}  // namespace toolboxd::guestinfod
