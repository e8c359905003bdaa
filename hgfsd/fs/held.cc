// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/held.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {

int ChangeOwner(int held, uid_t uid, gid_t gid) { return chown(Through(held).c_str(), uid, gid); }

int ChangeMode(int held, mode_t mode) { return chmod(Through(held).c_str(), mode); }

int ChangeTimes(int held, const struct timespec times[2]) {
  return utimensat(AT_FDCWD, Through(held).c_str(), times, 0);
}

int ChangeSize(int held, off_t size) {
  // truncate(2) would wait for the owner of a lease.
  const UniqueFd file(open(Through(held).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  return file.ok() ? ftruncate(file.get(), size) : -1;
}

int CloseCopy(int held) {
  const int copy = fcntl(held, F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? -1 : close(copy);
}

int LinkTo(int held, int directory, const std::string& name) {
  const std::string file = Through(held);
  return linkat(AT_FDCWD, file.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW);
}

}  // namespace toolboxd::hgfsd
