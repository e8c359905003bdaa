// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_spool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {

bool SpoolBudget::Take(const std::string& user, uint64_t bytes) {
  while (users_[user] + bytes > limits_.user) {
    if (!DropOne(&user)) return false;
  }
  while (total_ + bytes > limits_.total) {
    if (!DropOne(nullptr)) return false;
  }
  users_[user] += bytes;
  total_ += bytes;
  return true;
}

void SpoolBudget::Return(const std::string& user, uint64_t bytes) {
  total_ -= bytes;
  const auto entry = users_.find(user);
  if (entry == users_.end()) return;
  entry->second -= bytes;
  if (entry->second == 0) users_.erase(entry);
}

bool SpoolBudget::DropOne(const std::string* user) {
  for (FunctionSpool* spool : ended_) {
    spool->budget_->mutex_.AssertHeld();
    uint64_t held = 0;
    for (const SpoolFile& file : spool->files_) held += file.held();
    if (held == 0 || (user != nullptr && spool->user_ != *user)) continue;
    spool->DropAll();
    spool->dropped_ = true;
    ended_.remove(spool);
    return true;
  }
  return false;
}

FunctionSpool::FunctionSpool(std::shared_ptr<SpoolBudget> budget, std::string user)
    : budget_(std::move(budget)),
      user_(std::move(user)),
      files_{SpoolFile(&budget_->limits_.directory), SpoolFile(&budget_->limits_.directory),
             SpoolFile(&budget_->limits_.directory)} {}

FunctionSpool::~FunctionSpool() {
  absl::MutexLock lock(&budget_->mutex_);
  budget_->ended_.remove(this);
  DropAll();
}

absl::Status FunctionSpool::CheckNotDropped() const {
  if (!dropped_) return absl::OkStatus();
  return MakeError(v1::NO_SPACE,
                   "the function's output was dropped for newer output of other functions "
                   "(--function_spool_limit)");
}

void FunctionSpool::DropAll() {
  for (SpoolFile& file : files_) {
    budget_->Return(user_, file.held());
    file.Discard(file.size());
  }
}

absl::Status FunctionSpool::Append(StandardStream stream, absl::string_view data) {
  absl::MutexLock lock(&budget_->mutex_);
  absl::Status status = CheckNotDropped();
  if (!status.ok()) return status;
  SpoolFile& file = File(stream);
  const uint64_t held = file.held();
  const uint64_t needed = file.HeldWith(data.size());
  if (file.size() - file.begin() + data.size() > budget_->limits_.stream) {
    return MakeError(v1::NO_SPACE,
                     absl::StrCat("a stream of the function is longer than ",
                                  budget_->limits_.stream, " bytes (--function_output_limit)"));
  }
  if (!budget_->Take(user_, needed - held)) {
    return MakeError(
        v1::NO_SPACE,
        "running functions hold all the bytes that streams may have (--function_spool_limit)");
  }
  status = file.Append(data);
  if (!status.ok()) budget_->Return(user_, needed - file.held());
  return status;
}

absl::StatusOr<std::string> FunctionSpool::Read(StandardStream stream, uint64_t offset,
                                                size_t size) {
  absl::MutexLock lock(&budget_->mutex_);
  const absl::Status status = CheckNotDropped();
  if (!status.ok()) return status;
  if (ended_) {
    // Now it is the one used last.
    budget_->ended_.remove(this);
    budget_->ended_.push_back(this);
  }
  return File(stream).Read(offset, size);
}

absl::StatusOr<uint64_t> FunctionSpool::Size(StandardStream stream) const {
  absl::MutexLock lock(&budget_->mutex_);
  const absl::Status status = CheckNotDropped();
  if (!status.ok()) return status;
  return files_[static_cast<int>(stream)].size();
}

void FunctionSpool::Discard(StandardStream stream, uint64_t end) {
  absl::MutexLock lock(&budget_->mutex_);
  SpoolFile& file = File(stream);
  const uint64_t held = file.held();
  file.Discard(end);
  budget_->Return(user_, held - file.held());
}

void FunctionSpool::Finish() {
  absl::MutexLock lock(&budget_->mutex_);
  if (ended_) return;
  ended_ = true;
  budget_->ended_.push_back(this);
}

}  // namespace toolboxd
