// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/attributes.h"

#include <limits>

namespace toolboxd::hgfs {
namespace {

// 100 ns from 1601 to 1970.
constexpr int64_t kEpochDifference = 116444736000000000;

uint32_t TypeOf(v1::FileType type) {
  switch (type) {
    case v1::DIRECTORY:
      return kTypeDirectory;
    case v1::SYMLINK:
      return kTypeSymlink;
    default:
      return kTypeRegular;
  }
}

// Replaces three bits of a mode, if the mask asks for it.
void SetClass(uint64_t mask, uint64_t bit, int shift, uint8_t bits, uint32_t& mode) {
  if ((mask & bit) == 0) return;
  mode = (mode & ~(7u << shift)) | ((bits & 7u) << shift);
}

}  // namespace

uint64_t ToNtTime(int64_t nanoseconds) {
  const int64_t ticks = nanoseconds / 100 + kEpochDifference;
  return ticks < 0 ? 0 : static_cast<uint64_t>(ticks);
}

int64_t FromNtTime(uint64_t nt_time) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  if (nt_time > static_cast<uint64_t>(kMax)) return kMax;
  int64_t nanoseconds = 0;
  const int64_t ticks = static_cast<int64_t>(nt_time) - kEpochDifference;
  if (__builtin_mul_overflow(ticks, int64_t{100}, &nanoseconds)) {
    return ticks < 0 ? std::numeric_limits<int64_t>::min() : kMax;
  }
  return nanoseconds;
}

Attributes FromFileInfo(const v1::FileInfo& file) {
  Attributes attributes;
  attributes.mask = kMaskType | kMaskSize | kMaskCreateTime | kMaskAccessTime | kMaskWriteTime |
                    kMaskChangeTime | kMaskSpecialPermissions | kMaskOwnerPermissions |
                    kMaskGroupPermissions | kMaskOtherPermissions | kMaskAllocation | kMaskUser |
                    kMaskGroup | kMaskFileId | kMaskVolumeId | kMaskEffectivePermissions;
  attributes.type = TypeOf(file.type());
  attributes.size = file.size();
  attributes.access_time = ToNtTime(file.access_time());
  attributes.write_time = ToNtTime(file.modification_time());
  attributes.change_time = ToNtTime(file.change_time());
  // stat(2) does not have the time of creation; vmtoolsd sends this one too.
  attributes.create_time = attributes.write_time;
  attributes.special = (file.mode() >> 9) & 7;
  attributes.owner = (file.mode() >> 6) & 7;
  attributes.group = (file.mode() >> 3) & 7;
  attributes.other = file.mode() & 7;
  attributes.allocation = file.allocated_bytes();
  attributes.uid = file.uid();
  attributes.gid = file.gid();
  attributes.file_id = file.inode();
  attributes.volume_id = static_cast<uint32_t>(file.device());
  attributes.effective = file.effective_permissions();
  return attributes;
}

v1::FileAttributes ToFileAttributes(const Attributes& attributes, uint64_t hints,
                                    uint32_t current_permissions, int64_t now) {
  const uint64_t mask = attributes.mask;
  v1::FileAttributes result;
  if (mask & kMaskAccessTime) {
    const bool given = (hints & kHintSetAccessTime) != 0;
    result.set_access_time(given ? FromNtTime(attributes.access_time) : now);
  }
  if (mask & kMaskWriteTime) {
    const bool given = (hints & kHintSetWriteTime) != 0;
    result.set_modification_time(given ? FromNtTime(attributes.write_time) : now);
  }
  if (mask & kMaskUser) result.set_uid(attributes.uid);
  if (mask & kMaskGroup) result.set_gid(attributes.gid);
  if (mask & kMaskSize) result.set_size(attributes.size);
  constexpr uint64_t kClasses = kMaskSpecialPermissions | kMaskOwnerPermissions |
                                kMaskGroupPermissions | kMaskOtherPermissions;
  if (mask & kClasses) {
    uint32_t mode = current_permissions;
    SetClass(mask, kMaskSpecialPermissions, 9, attributes.special, mode);
    SetClass(mask, kMaskOwnerPermissions, 6, attributes.owner, mode);
    SetClass(mask, kMaskGroupPermissions, 3, attributes.group, mode);
    SetClass(mask, kMaskOtherPermissions, 0, attributes.other, mode);
    result.set_permissions(mode);
  }
  return result;
}

}  // namespace toolboxd::hgfs
