// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_info.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "hgfsd/file_error.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {
namespace {

v1::FileType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return v1::REGULAR;
  if (S_ISDIR(mode)) return v1::DIRECTORY;
  if (S_ISLNK(mode)) return v1::SYMLINK;
  return v1::SPECIAL;
}

int64_t Nanoseconds(const struct timespec& time) {
  return time.tv_sec * int64_t{1000000000} + time.tv_nsec;
}

}  // namespace

v1::FileInfo FileInfoFromStat(const struct stat& st, absl::string_view name) {
  v1::FileInfo info;
  info.set_name(name.data(), name.size());
  info.set_type(TypeOf(st.st_mode));
  info.set_size(st.st_size);
  info.set_access_time(Nanoseconds(st.st_atim));
  info.set_modification_time(Nanoseconds(st.st_mtim));
  info.set_change_time(Nanoseconds(st.st_ctim));
  info.set_uid(st.st_uid);
  info.set_gid(st.st_gid);
  info.set_mode(st.st_mode);
  info.set_inode(st.st_ino);
  info.set_allocated_bytes(st.st_blocks * uint64_t{512});
  info.set_device(st.st_dev);
  return info;
}

absl::StatusOr<v1::FileInfo> DescribeEntry(int directory, const std::string& entry,
                                           absl::string_view name) {
  struct stat st;
  if (fstatat(directory, entry.c_str(), &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    return FileError(errno, entry);
  }
  v1::FileInfo info = FileInfoFromStat(st, name);
  if (S_ISLNK(st.st_mode)) {
    absl::StatusOr<std::string> target = ReadLink(directory, entry);
    if (target.ok()) info.set_symlink_target(*std::move(target));
  }
  return info;
}

absl::StatusOr<v1::FileInfo> DescribePath(absl::string_view path, FinalLink final_link) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  const std::string name(path);
  absl::StatusOr<v1::FileInfo> info;
  if (final_link == FinalLink::kFollow) {
    struct stat st;
    if (stat(name.c_str(), &st) != 0) return FileError(errno, path);
    info = FileInfoFromStat(st, path);
  } else {
    info = DescribeEntry(AT_FDCWD, name, path);
    if (!info.ok()) return info;
    // The kernel does not check the permissions of a link.
    if (info->type() == v1::SYMLINK) {
      info->set_effective_permissions(R_OK | W_OK | X_OK);
      return info;
    }
  }
  uint32_t permissions = 0;
  for (int bit : {R_OK, W_OK, X_OK}) {
    if (faccessat(AT_FDCWD, name.c_str(), bit, AT_EACCESS) == 0) permissions |= bit;
  }
  info->set_effective_permissions(permissions);
  return info;
}

absl::Status CheckAccess(const std::string& path, int mode) {
  // By the effective identity, as open() checks it.
  if (faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0) return FileError(errno, path);
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd
