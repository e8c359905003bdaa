// SPDX-License-Identifier: Apache-2.0

// How much of the records' file system a user's programs may take.
//
// That is a small file system in memory of the user's own, or one that others need too where
// session does not mount it (development). Part of it stays free whatever programs write, for the
// records of other programs, and one user's streams get at most a quarter.

#ifndef TOOLBOXD_VIXD_SHIM_DISK_BUDGET_H_
#define TOOLBOXD_VIXD_SHIM_DISK_BUDGET_H_

#include <sys/types.h>

namespace toolboxd::vixd {

// Decides whether the file of one stream may grow. Not thread-safe.
class StreamBudget {
 public:
  // All streams in the directory `dir` together may take `user_limit` bytes, and at most a
  // quarter of the file system. `dir` is not owned and must stay open.
  StreamBudget(int dir, off_t user_limit) : dir_(dir), user_limit_(user_limit) {}

  // Whether a file of `size` bytes may grow by about 64 KiB. False if less than a quarter of the
  // file system would stay free; of that quarter at least 16 MiB and at most 256 MiB count.
  bool MayGrow(off_t size);

 private:
  int dir_;
  off_t user_limit_;
  // The size up to which the file may grow before the directory is measured again. The first
  // bytes of a stream are granted without a measurement.
  off_t granted_ = 64 << 10;
};

// Whether the file system of `dir` has the space for a program's record: half of what streams
// must leave free.
bool HasCapacityForRecord(int dir);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_DISK_BUDGET_H_
