// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_receiver.h"

#include <errno.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "hgfsd/archive_unpack.h"
#include "hgfsd/create_delete.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/start_thread.h"

namespace toolboxd::hgfsd {
namespace {

// Bytes that may wait to be unpacked.
constexpr size_t kMaxWaiting = 256 * 1024;
constexpr absl::Duration kCancellationCheck = absl::Milliseconds(200);

// Holds the directory (O_PATH), and makes it if it is missing.
absl::StatusOr<UniqueFd> PrepareTarget(const std::string& path) {
  absl::StatusOr<Entry> entry = FindExisting(path, FinalLink::kFollow);
  if (ReasonOf(entry.status()) == v1::NOT_FOUND) {
    absl::Status made = MakeDirectory(path, Parents::kMake, 0750);
    if (!made.ok()) return made;
    entry = FindExisting(path, FinalLink::kFollow);
  }
  if (!entry.ok()) return entry.status();
  if (!entry->IsDirectory()) return FileError(ENOTDIR, path);
  return std::move(entry->file);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ArchiveReceiver>> ArchiveReceiver::Open(const ContentPath& content) {
  std::unique_ptr<ArchiveReceiver> receiver(new ArchiveReceiver);
  // The thread first: if there is none, no directory is made.
  absl::StatusOr<std::thread> thread = StartThread([raw = receiver.get()] { raw->Unpack(); });
  if (!thread.ok()) return thread.status();
  receiver->thread_ = *std::move(thread);
  absl::StatusOr<UniqueFd> target = PrepareTarget(content.path);
  if (!target.ok()) return target.status();
  absl::MutexLock lock(&receiver->mutex_);
  receiver->target_ = *std::move(target);
  return receiver;
}

ArchiveReceiver::~ArchiveReceiver() {
  {
    absl::MutexLock lock(&mutex_);
    given_up_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void ArchiveReceiver::Unpack() {
  UniqueFd target;
  {
    absl::MutexLock lock(&mutex_);
    auto ready = [this] { return target_.ok() || given_up_; };
    mutex_.Await(absl::Condition(&ready));
    if (given_up_) return;
    target = std::move(target_);
  }
  absl::Status status = UnpackArchive(target.get(), [this] { return Next(); });
  absl::MutexLock lock(&mutex_);
  result_ = std::move(status);
  done_ = true;
  waiting_.clear();
}

absl::StatusOr<absl::string_view> ArchiveReceiver::Next() {
  absl::MutexLock lock(&mutex_);
  ++asked_;
  auto ready = [this] { return !waiting_.empty() || complete_ || given_up_; };
  mutex_.Await(absl::Condition(&ready));
  if (given_up_) return absl::CancelledError("the caller cancelled the upload");
  current_.clear();
  current_.swap(waiting_);
  return current_;
}

absl::Status ArchiveReceiver::Write(uint64_t offset, absl::string_view data,
                                    const CancelCheck& cancelled) {
  if (offset != position_) {
    return MakeError(v1::INVALID_ARGUMENT, absl::StrCat("an archive is written in order: byte ",
                                                        position_, " is next, not ", offset));
  }
  absl::MutexLock lock(&mutex_);
  auto has_capacity = [this] { return waiting_.size() < kMaxWaiting || done_; };
  while (!mutex_.AwaitWithTimeout(absl::Condition(&has_capacity), kCancellationCheck)) {
    if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  }
  const bool first = position_ == 0 && !data.empty();
  position_ += data.size();
  if (done_) return result_;
  waiting_.append(data.data(), data.size());
  // Whoever sends a file that is not an archive learns it before the rest is sent: the thread asks
  // for its second piece when it has looked at the first.
  auto looked_at = [this] { return asked_ > 1 || done_; };
  while (first && !mutex_.AwaitWithTimeout(absl::Condition(&looked_at), kCancellationCheck)) {
    if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  }
  return first && done_ ? result_ : absl::OkStatus();
}

absl::Status ArchiveReceiver::Commit(const CancelCheck& cancelled) {
  absl::MutexLock lock(&mutex_);
  complete_ = true;
  while (!mutex_.AwaitWithTimeout(absl::Condition(&done_), kCancellationCheck)) {
    if (absl::Status status = CheckCancelled(cancelled); !status.ok()) {
      given_up_ = true;
      return status;
    }
  }
  return result_;
}

}  // namespace toolboxd::hgfsd
