// SPDX-License-Identifier: Apache-2.0

// DeferredDeleter: recursive deletes that may return before the whole tree is removed
// (hgfsd/README.md, "What differs from vmtoolsd").

#ifndef TOOLBOXD_HGFSD_DEFERRED_DELETE_H_
#define TOOLBOXD_HGFSD_DEFERRED_DELETE_H_

#include <sys/stat.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "hgfsd/fs/cancellation.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/remove_tree.h"

namespace toolboxd::hgfsd {

// Renames a tree to a hidden name in the same directory (".toolboxd-deleted-" and 16 hexadecimal
// digits) and removes it from there on a thread of its own.
//
// Delete waits for the removal for up to `patience`. A tree that is removed in that time is gone
// when Delete returns; a tree that cannot be removed has its old name again, and Delete returns
// the error. After `patience` Delete returns OK and the thread continues; if the removal then
// fails, the rest keeps its hidden name and a warning is logged. The last 16 of these are tried
// again with the next tree of the same directory. A hidden tree that an earlier process left stays:
// the name alone proves nothing. While as many trees wait as may, Delete waits for a place, which
// counts as part of `patience`.
//
// Thread-safe.
class DeferredDeleter {
 public:
  static constexpr absl::Duration kLastMinute = absl::Minutes(1);
  // Trees that wait for removal; each holds a descriptor.
  static constexpr size_t kMaxJobs = 64;
  // Less than what transportd counts as slow (half a second), and than it waits beside other users:
  // else it would take this process for a hung one and end its connection.
  static constexpr absl::Duration kPatience = absl::Milliseconds(400);

  // Like RemoveTree(), which tests replace.
  using Remove = std::function<absl::Status(int parent, const std::string& name,
                                            const struct stat& held, const CancelCheck& cancelled)>;

  explicit DeferredDeleter(absl::Duration patience = kPatience, Remove remove = RemoveTree)
      : patience_(patience), remove_(std::move(remove)) {}
  // Waits until every tree that was accepted has been removed or has failed, for kLastMinute at
  // most: otherwise a process that keeps adding files to a tree could keep this one alive.
  ~DeferredDeleter();

  // Deletes the directory that `tree` holds. A file system that cannot rename the directory
  // (lower layers of an overlay) has it removed in place, unless `cancelled` reports true on the
  // way. After an error before the rename nothing has changed.
  //
  // BUSY: "/", a mount point, a tree with a mount point in it, a directory that was replaced since
  // it was looked at, no thread is available, or too many trees wait for their removal.
  // ACCESS_DENIED: the user may not rename the directory, and so may not remove it either.
  absl::Status Delete(Entry tree, const CancelCheck& cancelled);

 private:
  struct Job {
    Entry tree;
    std::string hidden;
    // Guarded by mutex_.
    bool done = false;
    // Delete has returned OK for the tree while it was still being removed.
    bool answered = false;
    absl::Status status;
  };

  // Waits until a job can be queued, and starts the thread if it does not run yet.
  absl::Status AwaitCapacity(absl::Time deadline);
  void Run();
  // Renames a tree that could not be removed back, or logs where it stays.
  void Keep(const Job& job, const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool GivesUp();
  // Tries again to remove the trees that are left in a job's directory.
  void RemoveLeft(const Job& job);

  const absl::Duration patience_;
  const Remove remove_;
  // Callers of Delete and the thread contend for it; neither removes anything under it.
  absl::Mutex mutex_;
  std::deque<std::shared_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // When the trees that are not removed yet are given up, once `stopping_` is set.
  absl::Time give_up_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  // Trees that could not be removed and stay hidden. Used by the thread only.
  std::deque<std::shared_ptr<Job>> left_;
  // Started with the first job.
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_DEFERRED_DELETE_H_
