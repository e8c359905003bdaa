// SPDX-License-Identifier: Apache-2.0

// The file systems of one freeze, and what is known of each by every process that could thaw it.

#ifndef TOOLBOXD_FREEZER_TARGETS_H_
#define TOOLBOXD_FREEZER_TARGETS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "freezer/kernel.h"
#include "freezer/protocol.h"

namespace toolboxd::freezer {

// Zero is what a new page has.
enum class State : uint32_t {
  // Not frozen, or frozen by another program, which must thaw it.
  kUntouched = 0,
  // FIFREEZE is about to be called, or has been and its result is not known yet.
  kTrying = 1,
  kFrozen = 2,
  // Was kTrying or kFrozen.
  kThawed = 3,
};

// Memory that the main process and its twin share, and the first page of the list file
// (freezer/list.h): so the next process knows what both knew, if they end together.
//
// The main process leads each state to kTrying and kFrozen; both lead it to kThawed, by
// compare-and-exchange. No state goes back: a page is used for one freeze.
struct Page {
  char magic[8];
  std::atomic<uint32_t> count;
  // Set on SIGTERM, never cleared: nothing more may be frozen.
  std::atomic<uint32_t> stop;
  // When everything must be thawed, of Kernel::Now; 0 as long as nothing is frozen.
  std::atomic<int64_t> deadline;
  // The process to which SIGCONT is still to be sent (freezer/release.h); 0: none.
  std::atomic<int32_t> stopped;
  std::atomic<State> states[kMaxTargets];
  // When the FIFREEZE of each was called, of Kernel::Now; 0 if none goes on.
  std::atomic<int64_t> trying_since[kMaxTargets];
};
inline constexpr size_t kPageSize = 4096;
static_assert(sizeof(Page) <= kPageSize);
static_assert(std::atomic<int32_t>::is_always_lock_free);
static_assert(std::atomic<int64_t>::is_always_lock_free);
static_assert(std::atomic<State>::is_always_lock_free);

// Plain data, so that a forked process has it too. Not thread-safe; the page is.
struct Targets {
  Page* page = nullptr;
  uint32_t count = 0;
  // Descriptors in the order of the freeze; -1 where the file system is not there any more.
  int fds[kMaxTargets] = {};
};

// Whether one of them is kTrying or kFrozen.
bool MayBeFrozen(const Targets& targets);

// When the FIFREEZE began that goes on longest, of Kernel::Now; 0 if none goes on. Thread-safe.
int64_t TryingSince(const Page& page);

// Whether the page has a deadline that has passed.
bool IsOverdue(const Page& page, int64_t now);

// FIFREEZE of one, which several threads may call for one target each. 0, or an errno; EBUSY leaves
// it kUntouched. ECANCELED if another process has thawed it meanwhile: then it is not frozen.
int FreezeOne(Kernel& kernel, Targets& targets, size_t index);

// FITHAW of one that is in this state. 0 if it is not frozen now; an errno if it may still be.
int ThawOne(Kernel& kernel, Targets& targets, size_t index, State state);

// FITHAW of all that may be frozen, in reverse order: what lies in a file after the file's own file
// system, since thawing it may write there. What fails stays in its state; call it again. Only
// where no FIFREEZE goes on.
void ThawAll(Kernel& kernel, Targets& targets);

// The two functions below do the same while the main process may be inside of FIFREEZE for one
// target, but in processes of their own, since each may wait. ThawFrozen waits for that FIFREEZE
// where a frozen file system lies in a file of that target: it would wait forever if no other
// process thawed that one.
void ThawFrozen(Kernel& kernel, Targets& targets);
// Waits until FIFREEZE ends, or finds that it has not begun to freeze; call it again.
void ThawTried(Kernel& kernel, Targets& targets);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_TARGETS_H_
