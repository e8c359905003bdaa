// SPDX-License-Identifier: Apache-2.0

// The guest's file systems as the host expects them (docs/protocol/guest-info.md 3.5).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_DISK_INFO_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_DISK_INFO_H_

#include <cstddef>
#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guest_info {

using Disks = google::protobuf::RepeatedPtrField<v1::Disk>;

inline constexpr int kMaxDisks = 255;
// The length of a mount point; longer ones are cut, as in the fixed fields of the early format.
inline constexpr size_t kMaxMountPoint = 99;

// The argument of SetGuestDiskInfo: JSON of a fixed layout, version 1. Mount points are
// in base64, numbers are decimal strings. Of the names of file systems and devices only
// letters, digits and ":._-" are kept, so nothing needs escaping.
std::string EncodeDiskInfoJson(const Disks& disks);

// The value of SetGuestInfo type 3: one byte of count, then 116 bytes for each disk;
// without file systems' and devices' names.
std::string EncodeDiskInfoLegacy(const Disks& disks);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_DISK_INFO_H_
