// SPDX-License-Identifier: Apache-2.0

// The attributes of a member of an archive, and how a file gets them.

#ifndef TOOLBOXD_HGFSD_ARCHIVE_ATTRIBUTES_H_
#define TOOLBOXD_HGFSD_ARCHIVE_ATTRIBUTES_H_

#include <archive_entry.h>
#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace toolboxd::hgfsd {

// Stands for no owner, as for chown(2): a file keeps the one that it has.
inline constexpr id_t kNoOwner = static_cast<id_t>(-1);

// Finds the owners that an archive names. Names that the guest does not know count as the number
// beside them, as with tar(1); a number that cannot be an ID, as kNoOwner. Not thread-safe.
class OwnerNames {
 public:
  uid_t User(const char* name, int64_t number);
  gid_t Group(const char* name, int64_t number);

 private:
  // Nothing for a name that the guest does not know.
  std::map<std::string, std::optional<id_t>> users_;
  std::map<std::string, std::optional<id_t>> groups_;
};

// What is still to be set once a member's content is there.
struct MemberAttributes {
  // kNoOwner also where they do not matter.
  uid_t uid = kNoOwner;
  gid_t gid = kNoOwner;
  // Permission bits, 07777.
  mode_t mode = 0;
  // Access and modification; UTIME_OMIT for what the archive does not have.
  struct timespec times[2] = {};
  // Values of system.posix_acl_access and system.posix_acl_default; empty for none.
  std::string access_acl;
  std::string default_acl;
};

// What an archive records about a member and this machine can apply.
MemberAttributes AttributesOf(struct archive_entry* entry, OwnerNames& names);

// The functions below set attributes of what a descriptor holds (O_PATH or not), for a member in
// this order. What the user may not set or the file system does not support is left out; NO_SPACE
// is an error.

// The owner, if the process is root.
void SetMemberOwner(int held, const MemberAttributes& attributes);
// Extended attributes other than ACLs. The file must be writable by its owner.
absl::Status SetExtendedAttributes(int held, struct archive_entry* entry);
// ACLs, mode and times. A file that did not get its owner or group does not get the set-user-ID or
// set-group-ID bit either.
absl::Status SetModeAndTimes(int held, const MemberAttributes& attributes);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_ATTRIBUTES_H_
