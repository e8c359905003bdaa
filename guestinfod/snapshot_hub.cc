// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/snapshot_hub.h"

#include <utility>

#include "base/steady_time.h"

namespace toolboxd::guestinfod {

void SnapshotHub::Publish(v1::GuestInfoSnapshot snapshot) {
  auto newest = std::make_shared<const v1::GuestInfoSnapshot>(std::move(snapshot));
  absl::MutexLock lock(&mutex_);
  newest_ = std::move(newest);
  ++version_;
  changed_.SignalAll();
}

Snapshot SnapshotHub::Get() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}

void SnapshotHub::WakeWatchers() {
  absl::MutexLock lock(&mutex_);
  changed_.SignalAll();
}

void SnapshotHub::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  changed_.SignalAll();
}

std::unique_ptr<SnapshotHub::Watcher> SnapshotHub::Watcher::Create(SnapshotHub& hub,
                                                                   absl::Duration patience) {
  const absl::Time until = SteadyNow() + patience;
  absl::MutexLock lock(&hub.mutex_);
  while (hub.free_watchers_ == 0) {
    // A call that its client gave up sleeps until the next change: wake it now.
    hub.changed_.SignalAll();
    if (hub.watcher_left_.WaitWithTimeout(&hub.mutex_, until - SteadyNow())) break;
  }
  if (hub.free_watchers_ == 0) return nullptr;
  --hub.free_watchers_;
  return std::unique_ptr<Watcher>(new Watcher(hub));
}

SnapshotHub::Watcher::~Watcher() {
  absl::MutexLock lock(&hub_.mutex_);
  ++hub_.free_watchers_;
  hub_.watcher_left_.Signal();
}

Snapshot SnapshotHub::Watcher::Next(const std::function<bool()>& cancelled) {
  absl::MutexLock lock(&hub_.mutex_);
  while (!hub_.closed_ && !cancelled()) {
    if (hub_.version_ != seen_) {
      seen_ = hub_.version_;
      return hub_.newest_;
    }
    hub_.changed_.Wait(&hub_.mutex_);
  }
  return nullptr;
}

}  // namespace toolboxd::guestinfod
