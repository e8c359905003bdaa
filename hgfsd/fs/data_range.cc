// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/data_range.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

namespace toolboxd::hgfsd {

DataRange NextDataRange(int fd, off_t offset, off_t size) {
  off_t begin = lseek(fd, offset, SEEK_DATA);
  // ENXIO: no data follows. Any other error: the file system does not know holes.
  if (begin < 0) begin = errno == ENXIO ? size : offset;
  begin = std::min(begin, size);
  off_t end = lseek(fd, begin, SEEK_HOLE);
  if (end <= begin || end > size) end = size;
  return {begin, end};
}

}  // namespace toolboxd::hgfsd
