// SPDX-License-Identifier: Apache-2.0

// What the freezer asks of the kernel about file systems. A seam: tests put their own in its place,
// so that nothing is frozen, or only what is theirs.

#ifndef TOOLBOXD_FREEZER_KERNEL_H_
#define TOOLBOXD_FREEZER_KERNEL_H_

#include <atomic>
#include <cstdint>

namespace toolboxd::freezer {

// A mount as a request names it: fields of its line in mountinfo.
struct MountName {
  const char* path;
  uint32_t id;
  uint32_t major;
  uint32_t minor;
};

// What is known of an open directory of a file system.
struct FileSystem {
  // statfs(2)'s f_type.
  uint64_t type = 0;
  // stat(2)'s st_dev. btrfs gives each subvolume one, which mountinfo does not have.
  uint64_t device = 0;
  uint32_t mount_id = 0;
};

// Each call returns 0 or an errno, those that open a descriptor or -errno. The caller owns it.
// Nothing here allocates memory.
class Kernel {
 public:
  // Opens /proc/self/mountinfo.
  virtual int OpenMountTable() = 0;
  // Opens the root directory of a mount. EXDEV if another mount is at that path, ENOTSUP if its
  // type cannot be frozen. No symbolic link is followed, nothing is mounted by it.
  virtual int OpenMount(const MountName& mount, FileSystem& found) = 0;
  // Opens a directory that an earlier process had opened, and waits for no other program. EXDEV if
  // it is not on that device any more, or of another type; EAGAIN if a FUSE file system, or another
  // one that would have to be asked, has been mounted on the way.
  virtual int OpenAgain(const char* path, const FileSystem& known) = 0;
  virtual int Sync(int fd) = 0;
  // FIFREEZE. EBUSY if it is frozen already. May take minutes, which no signal ends.
  virtual int Freeze(int fd) = 0;
  // FITHAW. EINVAL if it is not frozen.
  virtual int Thaw(int fd) = 0;
  // The next four are of freezer/release.h.
  virtual uint32_t InterruptAll(std::atomic<int32_t>& stopped) = 0;
  virtual uint32_t AbortFuse() = 0;
  virtual uint32_t EndCoreDumps() = 0;
  // SIGCONT; nothing for 0.
  virtual void Continue(int32_t process) = 0;
  // No file can be opened any more by this process and those that it forks. 0 or an errno.
  virtual int ForbidOpening() = 0;
  // No page of this process will be read from a disk, or waited for, from now on.
  virtual int LockMemory() = 0;
  // CLOCK_MONOTONIC in nanoseconds.
  virtual int64_t Now() = 0;

 protected:
  ~Kernel() = default;
};

// The one that freezes.
class LinuxKernel : public Kernel {
 public:
  int OpenMountTable() override;
  int OpenMount(const MountName& mount, FileSystem& found) override;
  int OpenAgain(const char* path, const FileSystem& known) override;
  int Sync(int fd) override;
  int Freeze(int fd) override;
  int Thaw(int fd) override;
  uint32_t InterruptAll(std::atomic<int32_t>& stopped) override;
  uint32_t AbortFuse() override;
  uint32_t EndCoreDumps() override;
  void Continue(int32_t process) override;
  int ForbidOpening() override;
  int LockMemory() override;
  int64_t Now() override;
};

// Whether file systems of this f_type can be frozen: they are of one machine, and freezing brings
// them to rest. Those of snapshotd/file_system_type.cc.
bool CanFreeze(uint64_t type);

// Fills `found` for a descriptor; one of O_PATH too.
int Identify(int fd, FileSystem& found);

// Opens a directory with O_PATH: a descriptor, or -errno. ELOOP for a symbolic link in any
// component.
int OpenPath(const char* path);
// The same by what the kernel knows without asking a file system, which a mount point is: EAGAIN if
// the path leads through one that must be asked, such as FUSE, whose server may not answer. Before
// Linux 5.12 as OpenPath.
int OpenCachedPath(const char* path);
// As OpenPath without openat2 (before Linux 5.6): ELOOP only for the last component.
int OpenPathWithoutOpenat2(const char* path);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_KERNEL_H_
