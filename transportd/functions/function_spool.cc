// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_spool.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {

bool SpoolBudget::MakeSpace(const FunctionSpool& spool, uint64_t bytes) {
  const auto ended = [](FunctionSpool* const& other) {
    other->budget_->mutex_.AssertHeld();
    return other->ended_;
  };
  const auto of_others = [&](FunctionSpool* const& other) { return other->user_ != spool.user_; };
  for (;;) {
    std::optional<FunctionSpool*> victim = shares_.Victim(spool.user_, bytes, ended);
    if (!victim.has_value()) victim = shares_.Victim(spool.user_, bytes, of_others);
    if (!victim.has_value()) return shares_.Fits(spool.user_, bytes);
    (*victim)->budget_->mutex_.AssertHeld();
    (*victim)->DropAll();
    (*victim)->dropped_ = true;
  }
}

FunctionSpool::FunctionSpool(std::shared_ptr<SpoolBudget> budget, std::string user)
    : budget_(std::move(budget)),
      user_(std::move(user)),
      files_{SpoolFile(&budget_->limits_.directory), SpoolFile(&budget_->limits_.directory),
             SpoolFile(&budget_->limits_.directory)} {
  absl::MutexLock lock(&budget_->mutex_);
  budget_->shares_.Add(this, user_, 0);
}

FunctionSpool::~FunctionSpool() {
  absl::MutexLock lock(&budget_->mutex_);
  budget_->shares_.Remove(this);
}

absl::Status FunctionSpool::CheckNotDropped() const {
  if (!dropped_) return absl::OkStatus();
  return MakeError(v1::NO_SPACE,
                   "the function's output was dropped for newer output of other functions "
                   "(--function_spool_limit)");
}

void FunctionSpool::Account() {
  uint64_t held = 0;
  for (const SpoolFile& file : files_) held += file.held();
  budget_->shares_.Resize(this, held);
}

void FunctionSpool::DropAll() {
  for (SpoolFile& file : files_) file.Discard(file.size());
  Account();
}

absl::Status FunctionSpool::Append(StandardStream stream, absl::string_view data) {
  absl::MutexLock lock(&budget_->mutex_);
  absl::Status status = CheckNotDropped();
  if (!status.ok()) return status;
  SpoolFile& file = File(stream);
  if (file.size() - file.begin() + data.size() > budget_->limits_.stream) {
    return MakeError(v1::NO_SPACE,
                     absl::StrCat("a stream of the function is longer than ",
                                  budget_->limits_.stream, " bytes (--function_output_limit)"));
  }
  if (!budget_->MakeSpace(*this, file.HeldWith(data.size()) - file.held())) {
    return MakeError(
        v1::NO_SPACE,
        "running functions hold all the bytes that streams may have (--function_spool_limit)");
  }
  status = file.Append(data);
  Account();
  budget_->shares_.Use(this);
  return status;
}

absl::StatusOr<std::string> FunctionSpool::Read(StandardStream stream, uint64_t offset,
                                                size_t size) {
  absl::MutexLock lock(&budget_->mutex_);
  const absl::Status status = CheckNotDropped();
  if (!status.ok()) return status;
  budget_->shares_.Use(this);
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
  File(stream).Discard(end);
  Account();
}

void FunctionSpool::Finish() {
  absl::MutexLock lock(&budget_->mutex_);
  ended_ = true;
  budget_->shares_.Use(this);
}

}  // namespace toolboxd
