// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_info.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/paths.h"

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
  const absl::StatusOr<Entry> entry = FindExisting(path, final_link);
  if (!entry.ok()) return entry.status();
  v1::FileInfo info = FileInfoFromStat(entry->status, path);
  uint32_t permissions = 0;
  if (entry->IsLink()) {
    absl::StatusOr<std::string> target = ReadLink(entry->file.get(), "");
    if (target.ok()) info.set_symlink_target(*std::move(target));
    // The kernel does not check the permissions of a link.
    permissions = R_OK | W_OK | X_OK;
  } else {
    for (int bit : {R_OK, W_OK, X_OK}) {
      if (CheckAccess(entry->file.get(), entry->path, bit).ok()) permissions |= bit;
    }
  }
  info.set_effective_permissions(permissions);
  return info;
}

}  // namespace toolboxd::hgfsd
