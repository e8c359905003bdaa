// SPDX-License-Identifier: Apache-2.0

// The answers to the requests of one connection (freezer/protocol.h).

#ifndef TOOLBOXD_FREEZER_EXCHANGE_H_
#define TOOLBOXD_FREEZER_EXCHANGE_H_

#include <cstddef>
#include <cstdint>

#include "base/unique_fd.h"
#include "freezer/crew.h"
#include "freezer/guard.h"
#include "freezer/kernel.h"
#include "freezer/list.h"
#include "freezer/protocol.h"
#include "freezer/targets.h"

namespace toolboxd::freezer {

enum class Verdict { kGoOn, kClose };

// Not thread-safe. Allocates nothing.
class Exchange {
 public:
  // All must outlive this object.
  Exchange(Kernel* kernel, Guard* guard, List* list);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  // Closes the descriptors, and thaws nothing: see Lose.
  ~Exchange();

  // Answers a packet of `size` bytes, of which `request` has the first. Fills `reply`, and
  // `descriptor` if one goes with it.
  Verdict Answer(const Request& request, size_t size, Reply& reply, UniqueFd& descriptor);

  // Thaws everything, if anything is frozen. A later kHold or kThaw says ETIMEDOUT.
  void Lose();

  // Lose, if it is due.
  void Tick();
  // Milliseconds until Tick is due, for poll(2): -1 if nothing is frozen.
  int Timeout();

  bool may_be_frozen() const { return MayBeFrozen(targets_); }
  // Whether this connection has the list file.
  bool has_list() const { return has_list_; }

 private:
  enum class Phase {
    kAdding,
    kFrozen,
    // Thawed without kThaw, which has not been said yet.
    kLost,
    kThawed,
  };

  int Add(const Request& request);
  int OpenList();
  int Sync(Reply& reply);
  int Freeze(const Request& request, Reply& reply);
  int FreezeAll(const Request& request, Reply& reply);
  // The first after `begin` that must not be frozen before it is.
  uint32_t EndOfGroup(uint32_t begin) const;
  uint32_t LargestGroup() const;
  int Hold(const Request& request);
  int Thaw(Reply& reply);
  int ThawInOrder(Reply& reply);
  void SetDeadline(int64_t deadline);
  // Thaws all and keeps the time for kThaw's reply.
  void End(Phase phase);

  Kernel* const kernel_;
  Guard* const guard_;
  List* const list_;
  Phase phase_ = Phase::kAdding;
  bool has_list_ = false;
  Targets targets_;
  // kWithPrevious of each.
  bool with_previous_[kMaxTargets] = {};
  // The times of the first FIFREEZE and the last FITHAW.
  int64_t frozen_at_ = 0;
  int64_t thawed_at_ = 0;
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_EXCHANGE_H_
