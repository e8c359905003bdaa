// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/deferred_delete.h"

#include <errno.h>
#include <stdio.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "hgfsd/fs/mounts.h"
#include "hgfsd/fs/remove_tree.h"
#include "hgfsd/fs/rename.h"
#include "hgfsd/start_thread.h"

namespace toolboxd::hgfsd {
namespace {

constexpr char kHidden[] = ".toolboxd-deleted-";

// Trees that stay hidden and are tried again; each holds two descriptors.
constexpr size_t kMaxLeft = 16;

}  // namespace

DeferredDeleter::~DeferredDeleter() {
  std::thread thread;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    give_up_ = SteadyNow() + kLastMinute;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

absl::Status DeferredDeleter::Delete(Entry tree, const CancelCheck& cancelled) {
  if (tree.name == ".") return MakeError(v1::BUSY, absl::StrCat(tree.path, " is in use"), EBUSY);
  if (absl::Status status = CheckNoMounts(tree); !status.ok()) return status;
  const absl::Time deadline = SteadyNow() + patience_;
  if (absl::Status status = AwaitCapacity(deadline); !status.ok()) return status;
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  const int parent = tree.directory.get();
  absl::StatusOr<std::string> hidden = Hide(parent, tree.name, tree.status, kHidden);
  if (!hidden.ok()) {
    const int error = OsErrorOf(hidden.status());
    if (error == EXDEV || error == EINVAL || error == EOPNOTSUPP) {
      return remove_(parent, tree.name, tree.status, cancelled);
    }
    return hidden.status();
  }
  auto job = std::make_shared<Job>();
  job->tree = std::move(tree);
  job->hidden = *std::move(hidden);

  absl::MutexLock lock(&mutex_);
  jobs_.push_back(job);
  job->answered = !mutex_.AwaitWithTimeout(absl::Condition(&job->done), deadline - SteadyNow());
  return job->status;
}

absl::Status DeferredDeleter::AwaitCapacity(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  auto has_capacity = [this] { return jobs_.size() < kMaxJobs; };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&has_capacity), deadline - SteadyNow())) {
    return MakeError(v1::BUSY,
                     absl::StrCat(kMaxJobs, " directories wait for their removal; try again later"),
                     EBUSY);
  }
  if (thread_.joinable()) return absl::OkStatus();
  absl::StatusOr<std::thread> thread = StartThread([this] { Run(); });
  if (!thread.ok()) return thread.status();
  thread_ = *std::move(thread);
  return absl::OkStatus();
}

void DeferredDeleter::Run() {
  while (true) {
    std::shared_ptr<Job> job;
    {
      absl::MutexLock lock(&mutex_);
      auto has_work = [this] { return !jobs_.empty() || stopping_; };
      mutex_.Await(absl::Condition(&has_work));
      if (jobs_.empty()) return;
      job = jobs_.front();
    }
    const absl::Status status = remove_(job->tree.directory.get(), job->hidden, job->tree.status,
                                        [this] { return GivesUp(); });
    bool stays = false;
    {
      absl::MutexLock lock(&mutex_);
      jobs_.pop_front();
      if (!status.ok()) Keep(*job, status);
      stays = !status.ok() && job->answered;
      job->status = status;
      job->done = true;
    }
    // After Delete has returned: this can take long.
    RemoveLeft(*job);
    if (stays) left_.push_back(std::move(job));
    if (left_.size() > kMaxLeft) left_.pop_front();
  }
}

bool DeferredDeleter::GivesUp() {
  absl::MutexLock lock(&mutex_);
  return stopping_ && SteadyNow() > give_up_;
}

void DeferredDeleter::Keep(const Job& job, const absl::Status& why) {
  const Entry& tree = job.tree;
  if (job.answered) {
    // The caller knows the name as free, and may have used it again.
    LogWarning("cannot remove all of ", tree.path, ": ", why.message(), "; the rest stays in ",
               job.hidden, " in the same directory: remove it there");
    return;
  }
  // Unless the name was taken in the meantime, the tree is where it was.
  const int parent = tree.directory.get();
  RenameToFreeName(parent, job.hidden.c_str(), parent, tree.name.c_str());
}

void DeferredDeleter::RemoveLeft(const Job& job) {
  for (auto left = left_.begin(); left != left_.end();) {
    const Entry& tree = (*left)->tree;
    const bool removed = SameFile(tree.directory_status, job.tree.directory_status) &&
                         RemoveTree(tree.directory.get(), (*left)->hidden, tree.status).ok();
    left = removed ? left_.erase(left) : left + 1;
  }
}

}  // namespace toolboxd::hgfsd
