// SPDX-License-Identifier: Apache-2.0

// A process that looks at how long FIFREEZE takes, and ends the writes that it waits for without
// an end (freezer/release.h). It is forked before the main process hears its caller, so that its
// privileges, to send signals and to abort FUSE, are never in a process that parses anything.

#ifndef TOOLBOXD_FREEZER_RELEASER_H_
#define TOOLBOXD_FREEZER_RELEASER_H_

#include "base/unique_fd.h"
#include "freezer/kernel.h"
#include "freezer/list.h"

namespace toolboxd::freezer {

// In milliseconds. After the sync, FIFREEZE has little to write back.
struct ReleaseTimes {
  // After this time in one FIFREEZE everything is interrupted, and again after `again`.
  int interrupt = 2000;
  int again = 1000;
  // After this time the FUSE file systems of users are aborted, too, and core dumps ended.
  int abort_fuse = 10'000;
};
inline constexpr ReleaseTimes kReleaseTimes;

// The main process's side. Not thread-safe.
class Releaser {
 public:
  // Both must outlive this object, whose end, or its process's, is the other process's sign to end.
  Releaser(Kernel* kernel, List* list, const ReleaseTimes& times);
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

  // Forks. The new process closes `connection` and calls `restrict_process`, which returns 0 or an
  // errno. ECHILD if it does not begin to work.
  int Start(int connection, int (*restrict_process)());
  // A freeze begins; from now on the list's page is looked at.
  void Begin();
  // In another forked process: this object's end means nothing there.
  void Leave() { pair_.reset(); }

 private:
  Kernel* const kernel_;
  List* const list_;
  const ReleaseTimes times_;
  UniqueFd pair_;
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_RELEASER_H_
