// SPDX-License-Identifier: Apache-2.0

// Where a file with holes has content.

#ifndef TOOLBOXD_HGFSD_FS_DATA_RANGE_H_
#define TOOLBOXD_HGFSD_FS_DATA_RANGE_H_

#include <sys/types.h>

namespace toolboxd::hgfsd {

// Bytes from `begin` up to, not including, `end`.
struct DataRange {
  off_t begin = 0;
  off_t end = 0;
};

// The first range with content at or after `offset`, within the first `size` bytes of the file:
// what lies before its begin is a hole. {size, size} where only a hole is left, or the file has
// shrunk. On a file system that does not report holes everything is content. Moves the
// descriptor's offset.
DataRange NextDataRange(int fd, off_t offset, off_t size);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_DATA_RANGE_H_
