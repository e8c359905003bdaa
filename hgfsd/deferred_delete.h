// SPDX-License-Identifier: Apache-2.0

// TreeRemover: recursive deletes that answer before all is gone (design.md 3).

#ifndef TOOLBOXD_HGFSD_DEFERRED_DELETE_H_
#define TOOLBOXD_HGFSD_DEFERRED_DELETE_H_

#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "hgfsd/cancellation.h"

namespace toolboxd::hgfsd {

// Renames a tree to a hidden name beside it (".toolboxd-deleted-" and a number) and removes
// it from there on one thread. A small tree is gone when Remove returns, and its errors are
// reported: what could not be removed has its old name again. After `patience` Remove
// returns OK and the thread goes on; what it cannot remove then stays hidden, and the log
// says so. Trees that were left behind are tried again with the next tree of the same
// parent. Thread-safe.
class TreeRemover {
 public:
  explicit TreeRemover(absl::Duration patience = absl::Seconds(1)) : patience_(patience) {}
  // Waits until everything that was begun is removed.
  ~TreeRemover();

  // `path` is a directory (checked by the caller). BUSY for "/", a mount point, or a tree
  // with one in it. Where the file system cannot rename the directory (lower layers of an
  // overlay) it is removed in place, as long as `cancelled` lets it. Where the user may not
  // rename it, he may not remove it either: ACCESS_DENIED, nothing has changed. BUSY also
  // where no thread is to be had.
  absl::Status Remove(absl::string_view path, const Cancelled& cancelled);

 private:
  struct Job {
    std::string path;
    UniqueFd parent;
    std::string hidden;
    std::string name;
    // Guarded by mutex_.
    bool done = false;
    // The caller was told that the tree is gone.
    bool answered = false;
    absl::Status status;
  };

  // Waits until a job can be queued, and sees to the thread.
  absl::Status AwaitRoom();
  void Run();
  // What becomes of a tree that could not be removed.
  void Keep(const Job& job, const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration patience_;
  absl::Mutex mutex_;
  std::deque<std::shared_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Started with the first job.
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_DEFERRED_DELETE_H_
