// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/extended_attributes.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/xattr.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {
namespace {

bool DescribesContent(const std::string& name) {
  return name == "security.ima" || name == "security.evm" || name == "security.capability";
}

// Empty names for a file system without extended attributes.
absl::StatusOr<std::string> ListNames(const std::string& path) {
  const ssize_t size = listxattr(path.c_str(), nullptr, 0);
  if (size <= 0) return std::string();
  std::string names(size, '\0');
  const ssize_t listed = listxattr(path.c_str(), names.data(), names.size());
  if (listed < 0) return FileError(errno, "extended attributes");
  names.resize(listed);
  return names;
}

std::optional<std::string> Get(const std::string& path, const char* name) {
  const ssize_t length = getxattr(path.c_str(), name, nullptr, 0);
  if (length < 0) return std::nullopt;
  std::string value(length, '\0');
  const ssize_t got = getxattr(path.c_str(), name, value.data(), value.size());
  if (got < 0) return std::nullopt;
  value.resize(got);
  return value;
}

// Without this, users that the directory's default ACL names could read a private file as soon
// as its permissions are set.
absl::Status RemoveInheritedAcl(const std::string& from, const std::string& to, const char* name) {
  if (getxattr(from.c_str(), name, nullptr, 0) > 0) return absl::OkStatus();
  if (removexattr(to.c_str(), name) == 0 || errno == ENODATA || errno == EOPNOTSUPP) {
    return absl::OkStatus();
  }
  return FileError(errno, name);
}

}  // namespace

absl::Status CopyExtendedAttributes(int from_fd, int to_fd, IfUnsupported if_unsupported) {
  const std::string from = Through(from_fd);
  const std::string to = Through(to_fd);
  for (const char* name : {XATTR_NAME_POSIX_ACL_ACCESS, XATTR_NAME_POSIX_ACL_DEFAULT}) {
    if (absl::Status status = RemoveInheritedAcl(from, to, name); !status.ok()) return status;
  }
  absl::StatusOr<std::string> names = ListNames(from);
  if (!names.ok()) return names.status();
  for (absl::string_view view : absl::StrSplit(*names, '\0', absl::SkipEmpty())) {
    const std::string name(view);
    if (DescribesContent(name)) continue;
    const std::optional<std::string> value = Get(from, name.c_str());
    if (!value.has_value()) continue;
    if (setxattr(to.c_str(), name.c_str(), value->data(), value->size(), 0) == 0) continue;
    const int error = errno;
    if (Get(to, name.c_str()) == value) continue;
    if (error == ENOSPC || error == EDQUOT || if_unsupported == IfUnsupported::kFail)
      return FileError(error, name);
  }
  return absl::OkStatus();
}

absl::Status CopyCapabilities(int from, int to) {
  const std::optional<std::string> value = Get(Through(from), XATTR_NAME_CAPS);
  if (!value.has_value() ||
      setxattr(Through(to).c_str(), XATTR_NAME_CAPS, value->data(), value->size(), 0) == 0) {
    return absl::OkStatus();
  }
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return full ? FileError(errno, XATTR_NAME_CAPS) : absl::OkStatus();
}

mode_t PermissionsOfCopy(int from, int to, mode_t mode) {
  const std::optional<std::string> acl = Get(Through(from), XATTR_NAME_POSIX_ACL_ACCESS);
  if (!acl.has_value() || Get(Through(to), XATTR_NAME_POSIX_ACL_ACCESS).has_value()) return mode;
  mode_t group = 0;
  for (size_t at = sizeof(posix_acl_xattr_header);
       at + sizeof(posix_acl_xattr_entry) <= acl->size(); at += sizeof(posix_acl_xattr_entry)) {
    posix_acl_xattr_entry entry;
    memcpy(&entry, acl->data() + at, sizeof(entry));
    if (le16toh(entry.e_tag) == ACL_GROUP_OBJ) group = le16toh(entry.e_perm) & 7;
  }
  return mode & ~(070 & ~(group << 3));
}

}  // namespace toolboxd::hgfsd
