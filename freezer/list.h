// SPDX-License-Identifier: Apache-2.0

// The list file: what one freezer has frozen, for the next one. It lies on a tmpfs, which cannot be
// frozen and ends with the boot.
//
// First a page (freezer/targets.h), which the processes write as shared memory, so that it is
// right whenever they end; then an entry for each file system. Whoever has the file locked works;
// the twin has the lock together with its main process.

#ifndef TOOLBOXD_FREEZER_LIST_H_
#define TOOLBOXD_FREEZER_LIST_H_

#include <sys/types.h>

#include "base/unique_fd.h"
#include "freezer/kernel.h"
#include "freezer/targets.h"

namespace toolboxd::freezer {

// For the twin of a freezer that has just ended.
inline constexpr int kShortPatienceMs = 1000;
// For a freezer that has been killed inside of FIFREEZE, which it finishes nevertheless.
inline constexpr int kLongPatienceMs = 30 * 1000;

// Not thread-safe. Functions return 0 or an errno. No allocation after Open.
class List {
 public:
  List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List();

  // Opens the file, mode 0600, and makes it if need be. ENOTSUP if it is not on a tmpfs, EPERM if
  // it is not a regular file of this user, ELOOP if it is a symbolic link.
  int Open(const char* path);

  // Locks the file. EBUSY if another freezer keeps it this long.
  int Claim(int patience_ms);
  void Release();
  // In a forked process: the lock is the other one's alone. Of this object only page() may be used
  // then.
  void Leave();

  // Makes it an empty list, of no file systems. Needs the lock.
  int Begin();
  // Adds an entry after those of before.
  int Append(const FileSystem& file_system, const char* path);
  // No file systems any more. Needs a page.
  void Clear();

  // Valid from Begin, or a Load that did not return ENOENT, until Release.
  Page* page() const { return page_; }

  // Opens what the file says an earlier process left, into `targets`; `errors` has why it could
  // not, for each. What is not there any more (ENOENT, EXDEV) counts as thawed. ENOENT if there is
  // no list, EBADMSG if its end is missing.
  int Load(Kernel& kernel, Targets& targets, int (&errors)[kMaxTargets]);

  // The path of an entry, valid until the next call; empty if there is no such entry. Reads all
  // before it.
  const char* PathOf(uint32_t index);

 private:
  UniqueFd fd_;
  Page* page_ = nullptr;
  // Where the next entry goes.
  off_t end_ = 0;
};

// Waits for other freezers as List::Claim, thaws what an earlier process left, then says so on
// standard error, and empties the list. 0 also if there is nothing to do; EBUSY if another freezer
// is at work, which thaws by itself; else why something may be frozen still.
int ThawLeftovers(Kernel& kernel, List& list, int patience_ms);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_LIST_H_
