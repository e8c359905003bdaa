// SPDX-License-Identifier: Apache-2.0

#include "freezer/targets.h"

#include <errno.h>

namespace toolboxd::freezer {
namespace {

// False if another process was faster.
bool Move(Targets& targets, size_t index, State from, State to) {
  return targets.page->states[index].compare_exchange_strong(from, to);
}

}  // namespace

bool MayBeFrozen(const Targets& targets) {
  for (size_t i = 0; i < targets.count; ++i) {
    const State state = targets.page->states[i].load();
    if (state == State::kTrying || state == State::kFrozen) return true;
  }
  return false;
}

int64_t TryingSince(const Page& page) {
  int64_t first = 0;
  for (const std::atomic<int64_t>& since : page.trying_since) {
    const int64_t time = since.load();
    if (time != 0 && (first == 0 || time < first)) first = time;
  }
  return first;
}

bool IsOverdue(const Page& page, int64_t now) {
  const int64_t deadline = page.deadline.load();
  return deadline != 0 && deadline <= now;
}

int FreezeOne(Kernel& kernel, Targets& targets, size_t index) {
  targets.page->states[index].store(State::kTrying);
  targets.page->trying_since[index].store(kernel.Now());
  const int error = kernel.Freeze(targets.fds[index]);
  targets.page->trying_since[index].store(0);
  if (error != 0) {
    Move(targets, index, State::kTrying, State::kUntouched);
    return error;
  }
  if (Move(targets, index, State::kTrying, State::kFrozen)) return 0;
  // The twin's FITHAW came after our FIFREEZE. To be sure:
  kernel.Thaw(targets.fds[index]);
  return ECANCELED;
}

int ThawOne(Kernel& kernel, Targets& targets, size_t index, State state) {
  const int error = kernel.Thaw(targets.fds[index]);
  if (error != 0 && error != EINVAL) return error;
  Move(targets, index, state, State::kThawed);
  return 0;
}

void ThawAll(Kernel& kernel, Targets& targets) {
  for (size_t i = targets.count; i-- > 0;) {
    const State state = targets.page->states[i].load();
    if (state == State::kTrying || state == State::kFrozen) ThawOne(kernel, targets, i, state);
  }
}

void ThawFrozen(Kernel& kernel, Targets& targets) {
  for (size_t i = targets.count; i-- > 0;) {
    if (targets.page->states[i].load() == State::kFrozen) {
      ThawOne(kernel, targets, i, State::kFrozen);
    }
  }
}

void ThawTried(Kernel& kernel, Targets& targets) {
  for (size_t i = targets.count; i-- > 0;) {
    // "Not frozen" says nothing here: FIFREEZE may be on its way.
    if (targets.page->states[i].load() == State::kTrying && kernel.Thaw(targets.fds[i]) == 0) {
      Move(targets, i, State::kTrying, State::kThawed);
    }
  }
}

}  // namespace toolboxd::freezer
