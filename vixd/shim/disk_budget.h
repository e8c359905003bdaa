// SPDX-License-Identifier: Apache-2.0

// How much of the records' file system a user's programs may take.
//
// It is usually /run, a small one in memory that the whole system needs. So part of it stays
// free whatever programs write, and a user gets a part only.

#ifndef TOOLBOXD_VIXD_SHIM_DISK_BUDGET_H_
#define TOOLBOXD_VIXD_SHIM_DISK_BUDGET_H_

#include <sys/types.h>

namespace toolboxd::vixd {

// Whether one stream's file in the directory `dir` may grow. Not thread-safe.
class StreamRoom {
 public:
  // All streams of the directory's programs may take `user_limit` bytes, but no more than a
  // quarter of the file system. `dir` must stay open.
  StreamRoom(int dir, off_t user_limit) : dir_(dir), user_limit_(user_limit) {}

  // Whether a file of so many bytes may grow by some 64 KiB. Not where less than a quarter of the
  // file system would stay free, or 16 MiB where it is small, 256 MiB where it is large.
  bool MayGrow(off_t size);

 private:
  int dir_;
  off_t user_limit_;
  // The size up to which the directory has been looked through. A little costs no look.
  off_t granted_ = 64 << 10;
};

// Whether there is room for a program's record: half of what streams must leave free.
bool HasRoomForRecord(int dir);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_DISK_BUDGET_H_
