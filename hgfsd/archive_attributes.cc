// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_attributes.h"

#include <archive.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/database_record.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {
namespace {

// Names that are kept. An archive may have a new one with each member.
constexpr size_t kMaxNames = 256;

// Archives have numbers of 64 bits.
id_t OwnerOf(int64_t number) {
  return number < 0 || number > kNoOwner ? kNoOwner : static_cast<id_t>(number);
}

template <typename Record>
id_t Look(std::map<std::string, std::optional<id_t>>& known, const char* name, int64_t number,
          int (*find)(const char*, Record*, char*, size_t, Record**), id_t Record::*id) {
  if (name == nullptr || *name == '\0') return OwnerOf(number);
  const auto found = known.find(name);
  if (found != known.end()) return found->second.value_or(OwnerOf(number));
  Record record;
  std::string buffer;
  const Record* const result = FindRecord(find, name, record, buffer);
  if (known.size() >= kMaxNames) known.clear();
  std::optional<id_t>& owner = known[name];
  if (result != nullptr) owner = record.*id;
  return owner.value_or(OwnerOf(number));
}

struct AclEntry {
  uint16_t tag;
  uint16_t permissions;
  uint32_t id;
};

// The kernel's tag for one of libarchive; 0 for those of NFSv4.
uint16_t AclTag(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ:
      return ACL_USER_OBJ;
    case ARCHIVE_ENTRY_ACL_USER:
      return ACL_USER;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
      return ACL_GROUP_OBJ;
    case ARCHIVE_ENTRY_ACL_GROUP:
      return ACL_GROUP;
    case ARCHIVE_ENTRY_ACL_MASK:
      return ACL_MASK;
    case ARCHIVE_ENTRY_ACL_OTHER:
      return ACL_OTHER;
    default:
      return 0;
  }
}

template <typename Integer>
void Append(std::string& bytes, Integer value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// An ACL in the kernel's format, whose entries must be in order.
std::string EncodeAcl(std::vector<AclEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const AclEntry& a, const AclEntry& b) {
    return std::tie(a.tag, a.id) < std::tie(b.tag, b.id);
  });
  std::string bytes;
  Append(bytes, htole32(POSIX_ACL_XATTR_VERSION));
  for (const AclEntry& entry : entries) {
    Append(bytes, htole16(entry.tag));
    Append(bytes, htole16(entry.permissions));
    Append(bytes, htole32(entry.id));
  }
  return bytes;
}

// `type` is one of ARCHIVE_ENTRY_ACL_TYPE_. Empty if the member has no such ACL.
std::string AclOf(struct archive_entry* entry, int type, OwnerNames& names) {
  if (archive_entry_acl_reset(entry, type) == 0) return "";
  std::vector<AclEntry> entries;
  int entry_type, permissions, tag, id;
  const char* name = nullptr;
  while (archive_entry_acl_next(entry, type, &entry_type, &permissions, &tag, &id, &name) ==
         ARCHIVE_OK) {
    const uint16_t kernel_tag = AclTag(tag);
    if (kernel_tag == 0) return "";
    uint32_t number = ACL_UNDEFINED_ID;
    if (kernel_tag == ACL_USER) number = names.User(name, id);
    if (kernel_tag == ACL_GROUP) number = names.Group(name, id);
    entries.push_back({kernel_tag, static_cast<uint16_t>(permissions & 7), number});
  }
  return EncodeAcl(std::move(entries));
}

// Sets one; an error only where the file system is full.
absl::Status SetOne(const std::string& file, const char* name, const void* value, size_t size) {
  if (setxattr(file.c_str(), name, value, size, 0) == 0) return absl::OkStatus();
  return errno == ENOSPC || errno == EDQUOT ? FileError(errno, name) : absl::OkStatus();
}

absl::Status SetAcl(const std::string& file, const char* name, const std::string& acl) {
  return acl.empty() ? absl::OkStatus() : SetOne(file, name, acl.data(), acl.size());
}

}  // namespace

uid_t OwnerNames::User(const char* name, int64_t number) {
  return Look<struct passwd>(users_, name, number, getpwnam_r, &passwd::pw_uid);
}

gid_t OwnerNames::Group(const char* name, int64_t number) {
  return Look<struct group>(groups_, name, number, getgrnam_r, &group::gr_gid);
}

MemberAttributes AttributesOf(struct archive_entry* entry, OwnerNames& names) {
  MemberAttributes result;
  result.mode = archive_entry_perm(entry) & 07777;
  // Other users cannot give files away: their owners matter for these bits only, and the user
  // database, which may be slow, is not asked without a need.
  if (geteuid() == 0 || (result.mode & (S_ISUID | S_ISGID)) != 0) {
    result.uid = names.User(archive_entry_uname(entry), archive_entry_uid(entry));
    result.gid = names.Group(archive_entry_gname(entry), archive_entry_gid(entry));
  }
  result.times[0] = {0, UTIME_OMIT};
  result.times[1] = {0, UTIME_OMIT};
  if (archive_entry_atime_is_set(entry)) {
    result.times[0] = {archive_entry_atime(entry), archive_entry_atime_nsec(entry)};
  }
  if (archive_entry_mtime_is_set(entry)) {
    result.times[1] = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  }
  result.access_acl = AclOf(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, names);
  result.default_acl = AclOf(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, names);
  return result;
}

void SetMemberOwner(int held, const MemberAttributes& attributes) {
  if (geteuid() == 0) (void)!ChangeOwner(held, attributes.uid, attributes.gid);
}

absl::Status SetExtendedAttributes(int held, struct archive_entry* entry) {
  const std::string file = Through(held);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (name == nullptr || absl::StartsWith(name, "system.")) continue;
    if (absl::Status status = SetOne(file, name, value, size); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SetModeAndTimes(int held, const MemberAttributes& attributes) {
  const std::string file = Through(held);
  struct stat st;
  if (fstat(held, &st) != 0) return FileError(errno, "cannot set attributes");
  absl::Status status = SetAcl(file, XATTR_NAME_POSIX_ACL_ACCESS, attributes.access_acl);
  if (!status.ok()) return status;
  status = SetAcl(file, XATTR_NAME_POSIX_ACL_DEFAULT, attributes.default_acl);
  if (!status.ok()) return status;
  mode_t mode = attributes.mode;
  if (st.st_uid != attributes.uid) mode &= ~S_ISUID;
  if (st.st_gid != attributes.gid) mode &= ~S_ISGID;
  // A link has no mode, and cannot be given one.
  if (!S_ISLNK(st.st_mode)) (void)!ChangeMode(held, mode);
  (void)!ChangeTimes(held, attributes.times);
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd
