// SPDX-License-Identifier: Apache-2.0

#include "freezer/exchange.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

namespace toolboxd::freezer {
namespace {

constexpr int64_t kNanosInMs = 1'000'000;

// After a FITHAW that failed.
constexpr int kRetryMs = 100;

int64_t Nanos(uint32_t ms) { return std::min(ms, kMaxLimitMs) * kNanosInMs; }

uint32_t Micros(int64_t nanos) {
  return static_cast<uint32_t>(std::min<int64_t>(nanos / 1000, UINT32_MAX));
}

// Several threads write to different elements of the reply.
class TargetsJob : public CrewJob {
 public:
  TargetsJob(Kernel& kernel, Guard& guard, Targets& targets, Reply& reply)
      : kernel_(kernel), targets_(targets), reply_(reply), guard_(guard) {}

  int Interruption() override {
    return IsOverdue(*targets_.page, kernel_.Now()) ? ETIMEDOUT : guard_.Interruption();
  }

 protected:
  ~TargetsJob() = default;
  void NoteTime(uint32_t index, int64_t start) {
    reply_.micros[index] = Micros(kernel_.Now() - start);
  }

  Kernel& kernel_;
  Targets& targets_;
  Reply& reply_;

 private:
  Guard& guard_;
};

class SyncJob final : public TargetsJob {
 public:
  using TargetsJob::TargetsJob;

  int Do(uint32_t index) override {
    const int64_t start = kernel_.Now();
    errors_[index] = kernel_.Sync(targets_.fds[index]);
    NoteTime(index, start);
    return 0;
  }
  // The first error.
  int Result() {
    for (uint32_t i = 0; i < targets_.count; ++i) {
      if (errors_[i] == 0) continue;
      reply_.failed = i;
      return errors_[i];
    }
    return 0;
  }

 private:
  int errors_[kMaxTargets] = {};
};

class FreezeJob final : public TargetsJob {
 public:
  using TargetsJob::TargetsJob;

  void IgnoreFrozen() { ignore_frozen_ = true; }

  int Do(uint32_t index) override {
    const Page& page = *targets_.page;
    const int64_t start = kernel_.Now();
    if (IsOverdue(page, start)) return ETIMEDOUT;
    if (page.stop.load() != 0) return ECANCELED;
    const int error = FreezeOne(kernel_, targets_, index);
    NoteTime(index, start);
    if (IsOverdue(page, kernel_.Now())) return ETIMEDOUT;
    return error == EBUSY && ignore_frozen_ ? 0 : error;
  }

 private:
  bool ignore_frozen_ = false;
};

}  // namespace

Exchange::Exchange(Kernel* kernel, Guard* guard, List* list)
    : kernel_(kernel), guard_(guard), list_(list) {}

Exchange::~Exchange() {
  for (uint32_t i = 0; i < targets_.count; ++i) close(targets_.fds[i]);
}

Verdict Exchange::Answer(const Request& request, size_t size, Reply& reply, UniqueFd& descriptor) {
  reply = Reply();
  reply.error = EPROTO;
  if (size != sizeof request || request.version != kVersion) return Verdict::kClose;
  switch (request.operation) {
    case Operation::kMountTable: {
      const int fd = kernel_->OpenMountTable();
      reply.error = fd < 0 ? -fd : 0;
      if (fd >= 0) descriptor.reset(fd);
      break;
    }
    case Operation::kAdd:
      reply.error = Add(request);
      break;
    case Operation::kSync:
      reply.error = Sync(reply);
      break;
    case Operation::kFreeze:
      reply.error = Freeze(request, reply);
      break;
    case Operation::kHold:
      reply.error = Hold(request);
      break;
    case Operation::kThaw:
      reply.error = Thaw(reply);
      break;
    default:
      return Verdict::kClose;
  }
  reply.count = targets_.count;
  return Verdict::kGoOn;
}

int Exchange::Add(const Request& request) {
  if (phase_ != Phase::kAdding) return EALREADY;
  if (memchr(request.path, '\0', sizeof request.path) == nullptr || request.path[0] != '/') {
    return EINVAL;
  }
  if (targets_.count == kMaxTargets) return ENOSPC;
  if (const int error = OpenList(); error != 0) return error;
  FileSystem found;
  UniqueFd fd(
      kernel_->OpenMount({request.path, request.mount_id, request.major, request.minor}, found));
  if (!fd.ok()) return -fd.get();
  if (const int error = list_->Append(found, request.path); error != 0) return error;
  with_previous_[targets_.count] = (request.flags & kWithPrevious) != 0;
  targets_.fds[targets_.count++] = fd.release();
  return 0;
}

int Exchange::OpenList() {
  if (has_list_) return 0;
  // A freezer that has ended since this process thawed what it found may have left more.
  if (const int error = ThawLeftovers(*kernel_, *list_, kShortPatienceMs); error != 0) return error;
  if (const int error = list_->Claim(kShortPatienceMs); error != 0) return error;
  if (const int error = list_->Begin(); error != 0) return error;
  has_list_ = true;
  targets_.page = list_->page();
  return 0;
}

int Exchange::Sync(Reply& reply) {
  if (targets_.count == 0) return 0;
  SyncJob job(*kernel_, *guard_, targets_, reply);
  if (const int why = job.Interruption(); why != 0) return why;
  const CrewResult result = Crew(targets_.count).Run(job, 0, targets_.count);
  return result.error != 0 ? result.error : job.Result();
}

int Exchange::Freeze(const Request& request, Reply& reply) {
  if (phase_ != Phase::kAdding) return EALREADY;
  if (targets_.count == 0 || request.freeze_ms == 0 || request.hold_ms == 0) return EINVAL;
  // What was added is open.
  int error = kernel_->ForbidOpening();
  if (error == 0) error = guard_->Start(targets_);
  if (error != 0) {
    phase_ = Phase::kThawed;
    return error;
  }
  frozen_at_ = kernel_->Now();
  SetDeadline(frozen_at_ + Nanos(request.freeze_ms));
  error = FreezeAll(request, reply);
  if (error != 0) {
    End(Phase::kThawed);
    return error;
  }
  phase_ = Phase::kFrozen;
  const int64_t now = kernel_->Now();
  reply.frozen_us = (now - frozen_at_) / 1000;
  reply.frozen_at_us = now / 1000;
  SetDeadline(now + Nanos(request.hold_ms));
  return 0;
}

int Exchange::FreezeAll(const Request& request, Reply& reply) {
  FreezeJob job(*kernel_, *guard_, targets_, reply);
  if ((request.flags & kIgnoreFrozen) != 0) job.IgnoreFrozen();
  // All threads before the first FIFREEZE, since each needs memory.
  Crew crew(LargestGroup());
  if (const int why = job.Interruption(); why != 0) return why;
  frozen_at_ = kernel_->Now();
  for (uint32_t begin = 0; begin < targets_.count;) {
    const uint32_t end = EndOfGroup(begin);
    const CrewResult result = crew.Run(job, begin, end);
    if (result.error != 0) {
      reply.failed = result.failed;
      return result.error;
    }
    begin = end;
  }
  return 0;
}

uint32_t Exchange::EndOfGroup(uint32_t begin) const {
  uint32_t end = begin + 1;
  while (end < targets_.count && with_previous_[end]) ++end;
  return end;
}

uint32_t Exchange::LargestGroup() const {
  uint32_t largest = 0;
  for (uint32_t begin = 0; begin < targets_.count; begin = EndOfGroup(begin)) {
    largest = std::max(largest, EndOfGroup(begin) - begin);
  }
  return largest;
}

int Exchange::Hold(const Request& request) {
  if (phase_ == Phase::kLost) return ETIMEDOUT;
  if (phase_ != Phase::kFrozen) return 0;
  if (request.hold_ms == 0) return EINVAL;
  // The twin may have been faster than this request.
  for (uint32_t i = 0; i < targets_.count; ++i) {
    if (targets_.page->states[i].load() == State::kThawed) {
      Lose();
      return ETIMEDOUT;
    }
  }
  SetDeadline(kernel_->Now() + Nanos(request.hold_ms));
  return 0;
}

int Exchange::Thaw(Reply& reply) {
  int result = 0;
  if (phase_ == Phase::kFrozen) {
    result = ThawInOrder(reply);
    End(Phase::kThawed);
  } else if (phase_ == Phase::kLost) {
    phase_ = Phase::kThawed;
    result = ETIMEDOUT;
  } else {
    return 0;
  }
  reply.frozen_us = (thawed_at_ - frozen_at_) / 1000;
  return result;
}

int Exchange::ThawInOrder(Reply& reply) {
  int result = 0;
  for (uint32_t i = targets_.count; i-- > 0;) {
    const State state = targets_.page->states[i].load();
    if (state == State::kUntouched) continue;
    // kThawed: by the twin.
    int error = ETIMEDOUT;
    if (state == State::kFrozen) {
      const int64_t start = kernel_->Now();
      error = kernel_->Thaw(targets_.fds[i]);
      reply.micros[i] = Micros(kernel_->Now() - start);
      if (error == 0 || error == EINVAL) targets_.page->states[i].store(State::kThawed);
      // It was not frozen any more.
      if (error == EINVAL) error = ETIMEDOUT;
    }
    if (error != 0 && result == 0) {
      result = error;
      reply.failed = i;
    }
  }
  return result;
}

void Exchange::SetDeadline(int64_t deadline) {
  targets_.page->deadline.store(deadline);
  guard_->Wake();
}

void Exchange::Lose() {
  if (phase_ == Phase::kFrozen) {
    End(Phase::kLost);
  } else if (may_be_frozen()) {
    End(phase_);
  }
}

void Exchange::End(Phase phase) {
  phase_ = phase;
  ThawAll(*kernel_, targets_);
  thawed_at_ = kernel_->Now();
  // What could not be thawed is overdue.
  SetDeadline(may_be_frozen() ? thawed_at_ : 0);
}

void Exchange::Tick() {
  if (targets_.page != nullptr && IsOverdue(*targets_.page, kernel_->Now())) Lose();
}

int Exchange::Timeout() {
  if (targets_.page == nullptr) return -1;
  const int64_t deadline = targets_.page->deadline.load();
  if (deadline == 0) return -1;
  const int64_t left = deadline - kernel_->Now();
  // Overdue and not lost yet, or FITHAW has failed.
  if (left <= 0) return phase_ == Phase::kFrozen ? 0 : kRetryMs;
  return static_cast<int>(left / kNanosInMs) + 1;
}

}  // namespace toolboxd::freezer
