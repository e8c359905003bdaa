// SPDX-License-Identifier: Apache-2.0

// What a snapshot does with a type of file system (docs/protocol/snapshot.md 8.7). Pure.

#ifndef TOOLBOXD_SNAPSHOTD_FILE_SYSTEM_TYPE_H_
#define TOOLBOXD_SNAPSHOTD_FILE_SYSTEM_TYPE_H_

#include "absl/strings/string_view.h"

namespace toolboxd::snapshotd {

enum class TypeClass {
  // On disks of this machine, and the kernel can freeze it.
  kFreezable,
  // gfs2, ocfs2: the kernel freezes gfs2 on all nodes at once.
  kCluster,
  // On disks of this machine, but not to be frozen, such as vfat and zfs.
  kNotFreezable,
  // squashfs and others that are never written.
  kReadOnly,
  // tmpfs.
  kMemory,
  // overlay and others whose content lies on other file systems.
  kStacked,
  kNetwork,
  kFuse,
  kAutomounter,
  // What the kernel shows about itself, such as proc.
  kKernel,
  kUnknown,
};

// The class of a type by its name in the mount table.
TypeClass ClassOf(absl::string_view type);

// Whether looking up a path on it may wait for another machine or another program.
bool MayHang(TypeClass type);

// Why it is not frozen, as a phrase; empty for kFreezable.
absl::string_view ReasonToSkip(TypeClass type);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_FILE_SYSTEM_TYPE_H_
