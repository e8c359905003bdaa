// SPDX-License-Identifier: Apache-2.0

// FunctionSpool: the standard streams of a run, and the budget that all runs share.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_SPOOL_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_SPOOL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/shares.h"
#include "base/stream_path.h"
#include "transportd/functions/spool_file.h"

namespace toolboxd {

// In bytes. If `directory` is on a tmpfs, they are this service's memory too, so `total` stays well
// below its unit's MemoryMax.
struct SpoolLimits {
  // The limit for one stream.
  uint64_t stream = 16 << 20;
  // The limits for the functions of one user, and of all.
  uint64_t user = 16 << 20;
  uint64_t total = 32 << 20;
  std::string directory = "/var/tmp";
};

class FunctionSpool;

// The bytes that all runs hold together, shared by their users (base/shares.h). If they are used
// up, streams are dropped: of ended runs first, the longest unused of them; then of running ones
// whose user holds more, which ends them. Thread-safe.
class SpoolBudget {
 public:
  explicit SpoolBudget(SpoolLimits limits)
      : limits_(std::move(limits)), shares_({.user = limits_.user, .total = limits_.total}) {}

  const SpoolLimits& limits() const { return limits_; }

 private:
  friend class FunctionSpool;

  // Makes `bytes` more available to the spool's user, if possible.
  bool MakeSpace(const FunctionSpool& spool, uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SpoolLimits limits_;
  // Also guards the files of all spools, so it is held while they are read and written: the
  // channel's thread and the loop's contend for it.
  absl::Mutex mutex_;
  // Every spool, with the bytes that it holds.
  Shares<FunctionSpool*> shares_ ABSL_GUARDED_BY(mutex_);
};

// Thread-safe.
class FunctionSpool {
 public:
  FunctionSpool(std::shared_ptr<SpoolBudget> budget, std::string user);
  ~FunctionSpool();

  // NO_SPACE beyond the limits, or if the streams were dropped; nothing is appended then.
  absl::Status Append(StandardStream stream, absl::string_view data);
  // At most `size` bytes from an offset; fewer only at the end. NO_SPACE if the streams were
  // dropped.
  absl::StatusOr<std::string> Read(StandardStream stream, uint64_t offset, size_t size);
  absl::StatusOr<uint64_t> Size(StandardStream stream) const;
  // Discards the bytes before an offset, which are not read again.
  void Discard(StandardStream stream, uint64_t end);
  // The run has ended: from now on its streams may be dropped.
  void Finish();

 private:
  friend class SpoolBudget;

  SpoolFile& File(StandardStream stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(budget_->mutex_) {
    return files_[static_cast<int>(stream)];
  }
  absl::Status CheckNotDropped() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(budget_->mutex_);
  // Records in the budget what the files hold now.
  void Account() ABSL_EXCLUSIVE_LOCKS_REQUIRED(budget_->mutex_);
  void DropAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(budget_->mutex_);

  const std::shared_ptr<SpoolBudget> budget_;
  const std::string user_;
  // Indexed by StandardStream.
  SpoolFile files_[3] ABSL_GUARDED_BY(budget_->mutex_);
  bool ended_ ABSL_GUARDED_BY(budget_->mutex_) = false;
  bool dropped_ ABSL_GUARDED_BY(budget_->mutex_) = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_SPOOL_H_
