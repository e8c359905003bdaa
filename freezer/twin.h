// SPDX-License-Identifier: Apache-2.0

// The dead man's switch: a second process, forked before the first FIFREEZE, which holds the same
// descriptors and thaws what the main process does not.

#ifndef TOOLBOXD_FREEZER_TWIN_H_
#define TOOLBOXD_FREEZER_TWIN_H_

#include "base/unique_fd.h"
#include "freezer/guard.h"
#include "freezer/kernel.h"
#include "freezer/list.h"
#include "freezer/releaser.h"
#include "freezer/targets.h"

namespace toolboxd::freezer {

// SIGTERM, SIGINT and SIGHUP, blocked and readable from a descriptor; -1 and errno if that fails.
// Ended children leave no zombie from then on.
UniqueFd BlockSignals();

// The main process's side. Not thread-safe.
class Twin : public Guard {
 public:
  // `connection` is the caller's, `signals` from BlockSignals. Both, and what is pointed to, must
  // outlive this object, whose end is the twin's sign to end too. `releaser` may be null.
  Twin(Kernel* kernel, List* list, int connection, int signals, Releaser* releaser);
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  // ETIMEDOUT if the new process is not ready within 2 s.
  int Start(const Targets& targets) override;
  void Wake() override;
  int Interruption() override;

  // Becomes readable when the twin ends, and when it has got a signal; -1 if there is none.
  int fd() const { return pair_.get(); }
  // Whether fd() said that the twin has ended; then there is none.
  bool HasEnded();

 private:
  Kernel* const kernel_;
  List* const list_;
  const int connection_;
  const int signals_;
  Releaser* const releaser_;
  const Page* page_ = nullptr;
  UniqueFd pair_;
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_TWIN_H_
