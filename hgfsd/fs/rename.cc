// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

namespace toolboxd::hgfsd {

int RenameToFreeNameByLook(int from_directory, const char* from, int to_directory, const char* to) {
  struct stat st;
  if (fstatat(to_directory, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return renameat(from_directory, from, to_directory, to);
}

int RenameToFreeName(int from_directory, const char* from, int to_directory, const char* to) {
  const int result = renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
  if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
  // Or a directory is moved into itself, which fails again.
  return RenameToFreeNameByLook(from_directory, from, to_directory, to);
}

}  // namespace toolboxd::hgfsd
