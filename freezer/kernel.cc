// SPDX-License-Identifier: Apache-2.0

#include "freezer/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/mount_id.h"
#include "base/unique_fd.h"
#include "freezer/lockdown.h"
#include "freezer/release.h"

namespace toolboxd::freezer {
namespace {

// Each number is from its file system's sources; linux/magic.h does not have all of them.
constexpr uint64_t kExt = 0xef53;
constexpr uint64_t kXfs = 0x58465342;
constexpr uint64_t kBtrfs = 0x9123683e;
constexpr uint64_t kF2fs = 0xf2f52010;
constexpr uint64_t kJfs = 0x3153464a;
constexpr uint64_t kNilfs = 0x3434;
constexpr uint64_t kBcachefs = 0xca451a4e;

// linux/openat2.h of Linux 5.12.
constexpr uint64_t kResolveCached = 0x20;
constexpr int kCachedTries = 20;
constexpr int kCachedPauseMs = 5;

// For what the C library allocates for a thread, 288 bytes, of freezer/crew.h.
constexpr size_t kSpareHeap = 12 * 1024;

int Result(long value) { return value < 0 ? errno : 0; }

// Those have a device number for each subvolume, which is not the one in mountinfo.
bool HasSubvolumes(uint64_t type) { return type == kBtrfs || type == kBcachefs; }

// Opens the directory that an O_PATH descriptor stands for. "." stays on its mount.
int OpenForUse(int path) {
  const int fd = openat(path, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// The kernel begins a stack with 132 kB and malloc its heap with as much, hardly used, which
// mlockall would fill. Both grow again if they have to.
void DropSpareMemory() {
  constexpr uintptr_t kStackSize = 32 * 1024, kDropped = 256 * 1024;
  const uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const uintptr_t end = (here - kStackSize) & ~uintptr_t{0xfff};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a number of pages below this frame.
  munmap(reinterpret_cast<void*>(end - kDropped), kDropped);
  malloc_trim(kSpareHeap);
}

}  // namespace

bool CanFreeze(uint64_t type) {
  switch (type) {
    case kExt:
    case kXfs:
    case kBtrfs:
    case kF2fs:
    case kJfs:
    case kNilfs:
    case kBcachefs:
      return true;
    default:
      return false;
  }
}

int Identify(int fd, FileSystem& found) {
  struct statx status = {};
  // What the kernel knows: the server of a network file system or of FUSE, which may stand at the
  // path meanwhile, must not be asked.
  constexpr int kFlags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (statx(fd, "", kFlags, STATX_TYPE | STATX_MNT_ID, &status) != 0) return errno;
  found.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  found.mount_id = (status.stx_mask & STATX_MNT_ID) != 0 ? static_cast<uint32_t>(status.stx_mnt_id)
                                                         : MountIdByFdinfo(fd);
  return 0;
}

int OpenPathWithoutOpenat2(const char* path) {
  const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct statx status = {};
  // With O_PATH a link is opened itself.
  const bool is_link =
      statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 &&
      (status.stx_mode & S_IFMT) == S_IFLNK;
  if (!is_link) return fd;
  close(fd);
  return -ELOOP;
}

int OpenPath(const char* path) {
  open_how how = {};
  // Without O_DIRECTORY, which would mount what autofs has there.
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (fd >= 0) return static_cast<int>(fd);
  // EPERM: of a filter of system calls that is older than the call.
  return errno == ENOSYS || errno == EPERM ? OpenPathWithoutOpenat2(path) : -errno;
}

int OpenCachedPath(const char* path) {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | kResolveCached;
  for (int tries = 0;; ++tries) {
    const long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == EINVAL || errno == ENOSYS || errno == EPERM) return OpenPath(path);
    // Also of a rename anywhere that came between.
    if (errno != EAGAIN || tries == kCachedTries) return -errno;
    poll(nullptr, 0, kCachedPauseMs);
  }
}

int LinuxKernel::OpenMountTable() {
  const int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int LinuxKernel::OpenMount(const MountName& mount, FileSystem& found) {
  const UniqueFd path(OpenPath(mount.path));
  if (!path.ok()) return path.get();
  if (const int error = Identify(path.get(), found); error != 0) return -error;
  if (found.mount_id != mount.id) return -EXDEV;
  // Only now: statfs of a network's file system may wait for its server.
  struct statfs status;
  if (fstatfs(path.get(), &status) != 0) return -errno;
  found.type = static_cast<uint64_t>(status.f_type);
  if (!CanFreeze(found.type)) return -ENOTSUP;
  if (!HasSubvolumes(found.type) && found.device != makedev(mount.major, mount.minor)) {
    return -EXDEV;
  }
  return OpenForUse(path.get());
}

int LinuxKernel::OpenAgain(const char* path, const FileSystem& known) {
  const UniqueFd fd(OpenCachedPath(path));
  if (!fd.ok()) return fd.get();
  FileSystem found;
  if (const int error = Identify(fd.get(), found); error != 0) return -error;
  if (found.device != known.device) return -EXDEV;
  struct statfs status;
  if (fstatfs(fd.get(), &status) != 0) return -errno;
  if (static_cast<uint64_t>(status.f_type) != known.type) return -EXDEV;
  return OpenForUse(fd.get());
}

int LinuxKernel::Sync(int fd) { return Result(syncfs(fd)); }

int LinuxKernel::Freeze(int fd) { return Result(ioctl(fd, FIFREEZE, 0)); }

int LinuxKernel::Thaw(int fd) { return Result(ioctl(fd, FITHAW, 0)); }

uint32_t LinuxKernel::InterruptAll(std::atomic<int32_t>& stopped) {
  return freezer::InterruptAll(kProc, stopped);
}

uint32_t LinuxKernel::AbortFuse() { return freezer::AbortFuse(kFuseConnections); }

uint32_t LinuxKernel::EndCoreDumps() { return freezer::EndCoreDumps(kProc); }

void LinuxKernel::Continue(int32_t process) {
  if (process > 0) kill(process, SIGCONT);
}

int LinuxKernel::ForbidOpening() { return freezer::ForbidOpening(); }

int LinuxKernel::LockMemory() {
  DropSpareMemory();
  return Result(mlockall(MCL_CURRENT | MCL_FUTURE));
}

int64_t LinuxKernel::Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace toolboxd::freezer
