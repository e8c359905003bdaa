// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/file_system_type.h"

#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

TEST(FileSystemType, LocalOnesThatTheKernelFreezesAreFreezable) {
  for (const char* type :
       {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "bcachefs"}) {
    EXPECT_EQ(ClassOf(type), TypeClass::kFreezable) << type;
    EXPECT_FALSE(MayHang(ClassOf(type))) << type;
    EXPECT_EQ(ReasonToSkip(ClassOf(type)), "") << type;
  }
}

TEST(FileSystemType, ClusterIsNotStoppedForOneNode) {
  EXPECT_EQ(ClassOf("gfs2"), TypeClass::kCluster);
  EXPECT_EQ(ReasonToSkip(ClassOf("gfs2")),
            "a cluster file system: freezing it would stop every node");
}

TEST(FileSystemType, FuseIsKnownByItsPrefix) {
  for (const char* type : {"fuse", "fuse.sshfs", "fuseblk", "fuseblk.ntfs", "fuse.vmhgfs-fuse"}) {
    EXPECT_EQ(ClassOf(type), TypeClass::kFuse) << type;
    EXPECT_TRUE(MayHang(ClassOf(type))) << type;
  }
  EXPECT_EQ(ClassOf("fusectl"), TypeClass::kKernel);
}

TEST(FileSystemType, FileSystemServedElsewhereMayHang) {
  for (const char* type : {"nfs", "nfs4", "cifs", "9p", "virtiofs", "ceph", "autofs", "overlay"}) {
    EXPECT_TRUE(MayHang(ClassOf(type))) << type;
  }
  for (const char* type : {"tmpfs", "proc", "vfat", "zfs", "squashfs", "devtmpfs"}) {
    EXPECT_FALSE(MayHang(ClassOf(type))) << type;
  }
}

TEST(FileSystemType, UnknownTypeIsNeitherFrozenNorWalked) {
  for (const char* type : {"", "ext5", "ext", "EXT4", "ext4 "}) {
    EXPECT_EQ(ClassOf(type), TypeClass::kUnknown) << type;
    EXPECT_TRUE(MayHang(ClassOf(type))) << type;
    EXPECT_NE(ReasonToSkip(ClassOf(type)), "") << type;
  }
}

}  // namespace
}  // namespace toolboxd::snapshotd
