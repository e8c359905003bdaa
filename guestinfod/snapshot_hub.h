// SPDX-License-Identifier: Apache-2.0

// Passes the newest snapshot from the collector to the readers that wait for one.

#ifndef TOOLBOXD_GUESTINFOD_SNAPSHOT_HUB_H_
#define TOOLBOXD_GUESTINFOD_SNAPSHOT_HUB_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

using Snapshot = std::shared_ptr<const v1::GuestInfoSnapshot>;

// Keeps the newest snapshot only: a reader that is slower than the changes skips some.
// Readers sleep without a timeout. Thread-safe.
class SnapshotHub {
 public:
  explicit SnapshotHub(int max_watchers) : free_watchers_(max_watchers) {}

  void Publish(v1::GuestInfoSnapshot snapshot);

  // The newest one; null before the first Publish.
  Snapshot Get() const;

  // One reader that waits for changes; frees its place when it is destroyed.
  class Watcher {
   public:
    // Null if all places are taken, also after asking all watchers whether they are still
    // needed and waiting `patience` for one that is not.
    static std::unique_ptr<Watcher> Create(SnapshotHub& hub, absl::Duration patience);
    ~Watcher();

    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // The next snapshot that this watcher has not seen, as soon as there is one. Null after
    // Close, and when `cancelled` says so, which is asked at each wake-up.
    Snapshot Next(const std::function<bool()>& cancelled);

   private:
    explicit Watcher(SnapshotHub& hub) : hub_(hub) {}

    SnapshotHub& hub_;
    uint64_t seen_ = 0;
  };

  // Wakes all watchers, so that those that were cancelled end.
  void WakeWatchers();

  // Ends all watchers; later ones get nothing.
  void Close();

 private:
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  absl::CondVar watcher_left_;
  Snapshot newest_ ABSL_GUARDED_BY(mutex_);
  // How many were published.
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  int free_watchers_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_SNAPSHOT_HUB_H_
