// SPDX-License-Identifier: Apache-2.0

// HGFS attributes and what they are on Linux (docs/protocol/hgfs.md 5.7).

#ifndef TOOLBOXD_TRANSPORTD_HGFS_ATTRIBUTES_H_
#define TOOLBOXD_TRANSPORTD_HGFS_ATTRIBUTES_H_

#include <cstdint>

#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfs {

// Which fields of Attributes are set.
enum AttributeMask : uint64_t {
  kMaskType = 1 << 0,
  kMaskSize = 1 << 1,
  kMaskCreateTime = 1 << 2,
  kMaskAccessTime = 1 << 3,
  kMaskWriteTime = 1 << 4,
  kMaskChangeTime = 1 << 5,
  kMaskSpecialPermissions = 1 << 6,
  kMaskOwnerPermissions = 1 << 7,
  kMaskGroupPermissions = 1 << 8,
  kMaskOtherPermissions = 1 << 9,
  kMaskFlags = 1 << 10,
  kMaskAllocation = 1 << 11,
  kMaskUser = 1 << 12,
  kMaskGroup = 1 << 13,
  kMaskFileId = 1 << 14,
  kMaskVolumeId = 1 << 15,
  kMaskEffectivePermissions = 1 << 17,
};

// Hints of Setattr: without them a time in the request means "now".
enum AttributeHints : uint64_t {
  kHintSetAccessTime = 1,
  kHintSetWriteTime = 2,
  kHintUseHandle = 4,
};

enum FileType : uint32_t { kTypeRegular = 0, kTypeDirectory = 1, kTypeSymlink = 2 };

// AttrV2, the form of all versions in memory. Times are 100 ns since 1601; permissions
// are 4 read, 2 write, 1 execute for each class, and 4 set-user-ID, 2 set-group-ID,
// 1 sticky for `special`.
struct Attributes {
  uint64_t mask = 0;
  uint32_t type = kTypeRegular;
  uint64_t size = 0;
  uint64_t create_time = 0;
  uint64_t access_time = 0;
  uint64_t write_time = 0;
  uint64_t change_time = 0;
  uint8_t special = 0;
  uint8_t owner = 0;
  uint8_t group = 0;
  uint8_t other = 0;
  uint64_t flags = 0;
  uint64_t allocation = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t file_id = 0;
  uint32_t volume_id = 0;
  uint32_t effective = 0;
};

// Nanoseconds since 1970 and 100 ns since 1601; out of range saturates.
uint64_t ToNtTime(int64_t nanoseconds);
int64_t FromNtTime(uint64_t nt_time);

// All that the mask of a reply can have, from what hgfsd knows of a file.
Attributes FromFileInfo(const v1::FileInfo& file);

// What a Setattr asks for. `current_permissions` (07777) fills the classes that are not
// given when some are; `now` stands for times without their hint.
v1::FileAttributes ToFileAttributes(const Attributes& attributes, uint64_t hints,
                                    uint32_t current_permissions, int64_t now);

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_ATTRIBUTES_H_
