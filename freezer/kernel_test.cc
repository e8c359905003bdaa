// SPDX-License-Identifier: Apache-2.0

#include "freezer/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "base/mount_id.h"
#include "base/unique_fd.h"

namespace toolboxd::freezer {
namespace {

// Before Linux 5.6 a link is refused in the last place of a path only.
bool SeesAllLinks() {
  return syscall(SYS_openat2, AT_FDCWD, ".", nullptr, 0) == 0 || errno != ENOSYS;
}

// A folder on a tmpfs: no kernel freezes those.
class KernelTest : public testing::Test {
 protected:
  KernelTest() {
    char folder[] = "/dev/shm/freezer-test.XXXXXX";
    folder_ = mkdtemp(folder);
    link_ = folder_ + "/link";
    below_ = link_ + "/below";
    EXPECT_EQ(mkdir((folder_ + "/below").c_str(), 0700), 0);
    EXPECT_EQ(symlink(".", link_.c_str()), 0);
  }
  ~KernelTest() override {
    unlink(link_.c_str());
    rmdir((folder_ + "/below").c_str());
    rmdir(folder_.c_str());
  }

  LinuxKernel kernel_;
  std::string folder_;
  std::string link_;
  std::string below_;
};

TEST_F(KernelTest, TypesThatCanBeFrozenAreKnown) {
  for (const uint64_t type :
       {0xef53ul, 0x58465342ul, 0x9123683eul, 0xf2f52010ul, 0x3153464aul, 0x3434ul, 0xca451a4eul}) {
    EXPECT_TRUE(CanFreeze(type)) << type;
  }
  // tmpfs, proc, NFS, FUSE, overlay, vfat, SMB, 9p, squashfs; gfs2, which stops every node.
  for (const uint64_t type :
       {0x01021994ul, 0x9fa0ul, 0x6969ul, 0x65735546ul, 0x794c7630ul, 0x4d44ul, 0xff534d42ul,
        0x01021997ul, 0x73717368ul, 0x01161970ul, 0ul}) {
    EXPECT_FALSE(CanFreeze(type)) << type;
  }
}

TEST_F(KernelTest, MountIsTheSameByStatxAndFdinfo) {
  for (const char* path : {"/", "/proc", "/dev/shm"}) {
    const UniqueFd fd(OpenPath(path));
    ASSERT_TRUE(fd.ok()) << path;
    FileSystem found;
    ASSERT_EQ(Identify(fd.get(), found), 0);
    EXPECT_NE(found.mount_id, 0u);
    EXPECT_EQ(found.mount_id, MountIdByFdinfo(fd.get())) << path;
  }
}

TEST_F(KernelTest, LinksAreNotFollowed) {
  EXPECT_TRUE(UniqueFd(OpenPath(folder_.c_str())).ok());
  EXPECT_EQ(OpenPath(link_.c_str()), -ELOOP);
  EXPECT_EQ(OpenPath("/proc/self/root"), -ELOOP);
  const UniqueFd below(OpenPath(below_.c_str()));
  EXPECT_EQ(below.get() == -ELOOP, SeesAllLinks());
}

TEST_F(KernelTest, CachedPathIsOneThatTheKernelKnows) {
  EXPECT_TRUE(UniqueFd(OpenCachedPath("/dev/shm")).ok());
  const UniqueFd below(OpenCachedPath(below_.c_str()));
  EXPECT_EQ(below.get() == -ELOOP, SeesAllLinks());
  EXPECT_LT(OpenCachedPath((folder_ + "/none").c_str()), 0);
}

TEST_F(KernelTest, WithoutOpenat2LastComponentMayNotBeALink) {
  EXPECT_TRUE(UniqueFd(OpenPathWithoutOpenat2(folder_.c_str())).ok());
  EXPECT_EQ(OpenPathWithoutOpenat2(link_.c_str()), -ELOOP);
  EXPECT_EQ(OpenPathWithoutOpenat2((folder_ + "/none").c_str()), -ENOENT);
}

TEST_F(KernelTest, OtherMountsAndTypesAreRefused) {
  const UniqueFd fd(OpenPath("/dev/shm"));
  FileSystem known;
  ASSERT_EQ(Identify(fd.get(), known), 0);
  const uint32_t major_number = major(known.device), minor_number = minor(known.device);
  FileSystem found;
  EXPECT_EQ(kernel_.OpenMount({"/dev/shm", known.mount_id, major_number, minor_number}, found),
            -ENOTSUP);
  EXPECT_EQ(kernel_.OpenMount({"/dev/shm", known.mount_id + 1, major_number, minor_number}, found),
            -EXDEV);
  EXPECT_EQ(kernel_.OpenMount({"/dev/shm/none", known.mount_id, 0, 0}, found), -ENOENT);
}

TEST_F(KernelTest, EarlierFileSystemIsFoundByDeviceAndType) {
  const UniqueFd fd(OpenPath("/dev/shm"));
  FileSystem known;
  ASSERT_EQ(Identify(fd.get(), known), 0);
  struct statfs status;
  ASSERT_EQ(fstatfs(fd.get(), &status), 0);
  known.type = static_cast<uint64_t>(status.f_type);
  EXPECT_TRUE(UniqueFd(kernel_.OpenAgain("/dev/shm", known)).ok());
  EXPECT_EQ(kernel_.OpenAgain("/proc", known), -EXDEV);
  ++known.type;
  EXPECT_EQ(kernel_.OpenAgain("/dev/shm", known), -EXDEV);
}

TEST_F(KernelTest, DescriptorThatCannotBeFrozenIsAnError) {
  const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_NE(kernel_.Thaw(fd.get()), 0);
  EXPECT_EQ(kernel_.Thaw(-1), EBADF);
  EXPECT_EQ(kernel_.Sync(-1), EBADF);
}

TEST_F(KernelTest, ClockIsMonotonic) {
  const int64_t before = kernel_.Now();
  EXPECT_GT(before, 0);
  EXPECT_GE(kernel_.Now(), before);
}

TEST_F(KernelTest, MountTableIsThatOfThisProcess) {
  const UniqueFd fd(kernel_.OpenMountTable());
  char text[16];
  EXPECT_EQ(read(fd.get(), text, sizeof text), static_cast<ssize_t>(sizeof text));
}

}  // namespace
}  // namespace toolboxd::freezer
