// SPDX-License-Identifier: Apache-2.0

// The guest's disks with their free space.

#ifndef TOOLBOXD_GUESTINFOD_DISKS_H_
#define TOOLBOXD_GUESTINFOD_DISKS_H_

#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "guestinfod/statfs_client.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// From proc/self/mountinfo and sysfs below `root` ("" is the system's own) and statvfs(3); of a
// disk to which this user may not look up the way, what the client's other end says. Free is what
// an ordinary user may still write. A disk that something else is mounted over, or that cannot be
// looked at, is left out. Never waits for a network file system.
google::protobuf::RepeatedPtrField<v1::Disk> ReadDisks(const std::string& root,
                                                       StatfsClient& client);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_DISKS_H_
