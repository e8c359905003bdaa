// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/deferred_delete.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "base/log.h"
#include "base/status.h"
#include "hgfsd/directory_stream.h"
#include "hgfsd/file_error.h"
#include "hgfsd/mounts.h"
#include "hgfsd/paths.h"
#include "hgfsd/remove_tree.h"
#include "hgfsd/start_thread.h"

namespace toolboxd::hgfsd {
namespace {

constexpr absl::string_view kHidden = ".toolboxd-deleted-";

// Trees that wait for removal; each holds a descriptor. Further callers wait for their turn.
constexpr size_t kMaxJobs = 64;

// Removes the user's hidden trees that are left in a directory, whichever process left them.
// Two processes that remove the same tree do not disturb each other.
void RemoveLeftovers(int parent) {
  UniqueFd copy(openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy.ok()) return;
  DirectoryStream stream(std::move(copy));
  while (true) {
    absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
    if (!entry.ok() || entry->name.empty()) return;
    if (!absl::StartsWith(entry->name, kHidden)) continue;
    const std::string name(entry->name);
    struct stat st;
    if (fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
        st.st_uid == geteuid()) {
      RemoveTree(parent, name).IgnoreError();
    }
  }
}

}  // namespace

DeferredDeleter::~DeferredDeleter() {
  std::thread thread;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

absl::Status DeferredDeleter::Delete(absl::string_view path, const CancelCheck& cancelled) {
  const PathParts parts = SplitPath(path);
  if (parts.name.empty()) return MakeError(v1::BUSY, "the root directory cannot be deleted", EBUSY);
  if (absl::Status status = CheckNoMounts(std::string(path)); !status.ok()) return status;
  auto job = std::make_shared<Job>();
  job->parent.reset(open(parts.parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!job->parent.ok() && errno == EACCES) {
    // A directory that can be searched and written, but not read.
    job->parent.reset(open(parts.parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (!job->parent.ok()) return FileError(errno, parts.parent);
  job->path = std::string(path);
  job->name = parts.name;
  job->hidden = RandomName(kHidden);
  if (absl::Status status = AwaitCapacity(); !status.ok()) return status;
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  const int parent = job->parent.get();
  if (renameat(parent, job->name.c_str(), parent, job->hidden.c_str()) != 0) {
    const int error = errno;
    if (error == EXDEV || error == EINVAL || error == EOPNOTSUPP) {
      return RemoveTree(parent, job->name, cancelled);
    }
    return FileError(error, path);
  }

  absl::MutexLock lock(&mutex_);
  jobs_.push_back(job);
  job->answered = !mutex_.AwaitWithTimeout(absl::Condition(&job->done), patience_);
  return job->status;
}

absl::Status DeferredDeleter::AwaitCapacity() {
  absl::MutexLock lock(&mutex_);
  auto has_capacity = [this] { return jobs_.size() < kMaxJobs; };
  mutex_.Await(absl::Condition(&has_capacity));
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
    absl::Status status = RemoveTree(job->parent.get(), job->hidden);
    {
      absl::MutexLock lock(&mutex_);
      jobs_.pop_front();
      if (!status.ok()) Keep(*job, status);
      job->status = std::move(status);
      job->done = true;
    }
    // After Delete has returned: this can take long.
    RemoveLeftovers(job->parent.get());
  }
}

void DeferredDeleter::Keep(const Job& job, const absl::Status& why) {
  if (job.answered) {
    // The caller knows the name as free, and may have used it again.
    LogWarning("cannot remove all of ", job.path, ": ", why.message(), "; the rest stays in ",
               job.hidden, " in the same directory until the next recursive delete there");
    return;
  }
  // Unless the name was taken in the meantime, the tree is where it was.
  renameat2(job.parent.get(), job.hidden.c_str(), job.parent.get(), job.name.c_str(),
            RENAME_NOREPLACE);
}

}  // namespace toolboxd::hgfsd
