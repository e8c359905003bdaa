// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/file_system_type.h"

#include "absl/strings/match.h"

namespace toolboxd::snapshotd {
namespace {

struct KnownType {
  absl::string_view name;
  TypeClass type;
};

constexpr KnownType kKnownTypes[] = {
    {"bcachefs", TypeClass::kFreezable},   {"btrfs", TypeClass::kFreezable},
    {"ext2", TypeClass::kFreezable},       {"ext3", TypeClass::kFreezable},
    {"ext4", TypeClass::kFreezable},       {"f2fs", TypeClass::kFreezable},
    {"jfs", TypeClass::kFreezable},        {"nilfs2", TypeClass::kFreezable},
    {"xfs", TypeClass::kFreezable},

    {"gfs2", TypeClass::kCluster},         {"ocfs2", TypeClass::kCluster},

    {"exfat", TypeClass::kNotFreezable},   {"hfs", TypeClass::kNotFreezable},
    {"hfsplus", TypeClass::kNotFreezable}, {"minix", TypeClass::kNotFreezable},
    {"msdos", TypeClass::kNotFreezable},   {"ntfs", TypeClass::kNotFreezable},
    {"ntfs3", TypeClass::kNotFreezable},   {"reiserfs", TypeClass::kNotFreezable},
    {"udf", TypeClass::kNotFreezable},     {"ufs", TypeClass::kNotFreezable},
    {"vfat", TypeClass::kNotFreezable},    {"zfs", TypeClass::kNotFreezable},
    {"zonefs", TypeClass::kNotFreezable},

    {"cramfs", TypeClass::kReadOnly},      {"erofs", TypeClass::kReadOnly},
    {"iso9660", TypeClass::kReadOnly},     {"romfs", TypeClass::kReadOnly},
    {"squashfs", TypeClass::kReadOnly},

    {"ramfs", TypeClass::kMemory},         {"rootfs", TypeClass::kMemory},
    {"tmpfs", TypeClass::kMemory},

    {"aufs", TypeClass::kStacked},         {"ecryptfs", TypeClass::kStacked},
    {"overlay", TypeClass::kStacked},      {"overlayfs", TypeClass::kStacked},
    {"shiftfs", TypeClass::kStacked},      {"unionfs", TypeClass::kStacked},

    {"9p", TypeClass::kNetwork},           {"afs", TypeClass::kNetwork},
    {"beegfs", TypeClass::kNetwork},       {"ceph", TypeClass::kNetwork},
    {"cifs", TypeClass::kNetwork},         {"coda", TypeClass::kNetwork},
    {"glusterfs", TypeClass::kNetwork},    {"gpfs", TypeClass::kNetwork},
    {"lustre", TypeClass::kNetwork},       {"ncpfs", TypeClass::kNetwork},
    {"nfs", TypeClass::kNetwork},          {"nfs4", TypeClass::kNetwork},
    {"orangefs", TypeClass::kNetwork},     {"prl_fs", TypeClass::kNetwork},
    {"smb3", TypeClass::kNetwork},         {"smbfs", TypeClass::kNetwork},
    {"vboxsf", TypeClass::kNetwork},       {"virtiofs", TypeClass::kNetwork},
    {"vmhgfs", TypeClass::kNetwork},

    {"autofs", TypeClass::kAutomounter},

    {"bdev", TypeClass::kKernel},          {"binder", TypeClass::kKernel},
    {"binfmt_misc", TypeClass::kKernel},   {"bpf", TypeClass::kKernel},
    {"cgroup", TypeClass::kKernel},        {"cgroup2", TypeClass::kKernel},
    {"configfs", TypeClass::kKernel},      {"cpuset", TypeClass::kKernel},
    {"debugfs", TypeClass::kKernel},       {"devpts", TypeClass::kKernel},
    {"devtmpfs", TypeClass::kKernel},      {"efivarfs", TypeClass::kKernel},
    {"fusectl", TypeClass::kKernel},       {"hugetlbfs", TypeClass::kKernel},
    {"mqueue", TypeClass::kKernel},        {"nfsd", TypeClass::kKernel},
    {"nsfs", TypeClass::kKernel},          {"proc", TypeClass::kKernel},
    {"pstore", TypeClass::kKernel},        {"resctrl", TypeClass::kKernel},
    {"rpc_pipefs", TypeClass::kKernel},    {"securityfs", TypeClass::kKernel},
    {"selinuxfs", TypeClass::kKernel},     {"smackfs", TypeClass::kKernel},
    {"sysfs", TypeClass::kKernel},         {"tracefs", TypeClass::kKernel},
    {"xenfs", TypeClass::kKernel},
};

}  // namespace

TypeClass ClassOf(absl::string_view type) {
  for (const KnownType& known : kKnownTypes) {
    if (known.name == type) return known.type;
  }
  // "fuse.sshfs": the program names itself after the period.
  const bool is_fuse = type == "fuse" || type == "fuseblk" || absl::StartsWith(type, "fuse.") ||
                       absl::StartsWith(type, "fuseblk.");
  return is_fuse ? TypeClass::kFuse : TypeClass::kUnknown;
}

bool MayHang(TypeClass type) {
  switch (type) {
    case TypeClass::kCluster:
    // An overlay can have a layer on any file system.
    case TypeClass::kStacked:
    case TypeClass::kNetwork:
    case TypeClass::kFuse:
    case TypeClass::kAutomounter:
    case TypeClass::kUnknown:
      return true;
    case TypeClass::kFreezable:
    case TypeClass::kNotFreezable:
    case TypeClass::kReadOnly:
    case TypeClass::kMemory:
    case TypeClass::kKernel:
      return false;
  }
  return true;
}

absl::string_view ReasonToSkip(TypeClass type) {
  switch (type) {
    case TypeClass::kFreezable:
      return "";
    case TypeClass::kCluster:
      return "a cluster file system: freezing it would stop every node";
    case TypeClass::kNotFreezable:
      return "its type cannot be frozen";
    case TypeClass::kReadOnly:
      return "read-only";
    case TypeClass::kMemory:
      return "in memory";
    case TypeClass::kStacked:
      return "its files lie on other file systems";
    case TypeClass::kNetwork:
      return "not a local file system";
    case TypeClass::kFuse:
      return "served by a program (FUSE)";
    case TypeClass::kAutomounter:
      return "an automounter";
    case TypeClass::kKernel:
      return "of the kernel itself";
    case TypeClass::kUnknown:
      return "its type is not known to support freezing";
  }
  return "";
}

}  // namespace toolboxd::snapshotd
