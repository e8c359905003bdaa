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
  targets_.fds[targets_.count++] = fd.release();
  return 0;
}

int Exchange::OpenList() {
  if (has_list_) return 0;
  // Of one that has ended since this process thawed what it found.
  if (const int error = ThawLeftovers(*kernel_, *list_, kShortPatienceMs); error != 0) return error;
  if (const int error = list_->Claim(kShortPatienceMs); error != 0) return error;
  if (const int error = list_->Begin(); error != 0) return error;
  has_list_ = true;
  targets_.page = list_->page();
  return 0;
}

int Exchange::Sync(Reply& reply) {
  int result = 0;
  for (uint32_t i = 0; i < targets_.count; ++i) {
    if (const int why = Interruption(); why != 0) return why;
    const int64_t start = kernel_->Now();
    const int error = kernel_->Sync(targets_.fds[i]);
    reply.micros[i] = MicrosSince(start);
    if (error != 0 && result == 0) {
      result = error;
      reply.failed = i;
    }
  }
  return result;
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
  SetDeadline(kernel_->Now() + Nanos(request.hold_ms));
  return 0;
}

int Exchange::FreezeAll(const Request& request, Reply& reply) {
  if (const int why = Interruption(); why != 0) return why;
  for (uint32_t i = 0; i < targets_.count; ++i) {
    reply.failed = i;
    const int64_t start = kernel_->Now();
    int error = FreezeOne(*kernel_, targets_, i);
    reply.micros[i] = MicrosSince(start);
    if (const int why = Interruption(); why != 0) return why;
    if (error == EBUSY && (request.flags & kIgnoreFrozen) != 0) error = 0;
    if (error != 0) return error;
  }
  reply.failed = 0;
  return 0;
}

int Exchange::Interruption() {
  if (IsOverdue(*targets_.page, kernel_->Now())) return ETIMEDOUT;
  return guard_->Interruption();
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
      reply.micros[i] = MicrosSince(start);
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

uint32_t Exchange::MicrosSince(int64_t start) {
  return static_cast<uint32_t>(std::min<int64_t>((kernel_->Now() - start) / 1000, UINT32_MAX));
}

}  // namespace toolboxd::freezer
