// SPDX-License-Identifier: Apache-2.0

// What the exchange (freezer/exchange.h) needs around a freeze. A seam for tests; freezer/twin.h
// has the real one.

#ifndef TOOLBOXD_FREEZER_GUARD_H_
#define TOOLBOXD_FREEZER_GUARD_H_

#include "freezer/targets.h"

namespace toolboxd::freezer {

// What thaws if this process cannot; a test's writes down what it is asked.
class Guard {
 public:
  // From its return on another process thaws the targets if this one ends, stops, or lets the
  // deadline of the page pass. Called once, before the first FIFREEZE. 0 or an errno.
  virtual int Start(const Targets& targets) = 0;
  // The deadline has changed.
  virtual void Wake() = 0;
  // Why syncing or freezing must end: ECANCELED if the caller has left or the process must end,
  // ECHILD if the other process was started and has ended; 0 if it may go on. Does not wait.
  virtual int Interruption() = 0;

 protected:
  ~Guard() = default;
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_GUARD_H_
