// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/trust.h"

namespace toolboxd::hgfsd {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1000000000;

struct timespec Time(bool given, int64_t nanoseconds) {
  if (!given) return {0, UTIME_OMIT};
  int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  int64_t rest = nanoseconds % kNanosecondsPerSecond;
  if (rest < 0) {  // Before 1970: the nanoseconds count up from the earlier second.
    rest += kNanosecondsPerSecond;
    --seconds;
  }
  return {seconds, rest};
}

absl::Status CheckAttributes(const v1::FileAttributes& attributes) {
  if (attributes.permissions() > 07777) {
    return MakeError(v1::INVALID_ARGUMENT, "permissions must be at most 07777");
  }
  if (attributes.size() > INT64_MAX) return FileError(EFBIG, "the new size");
  return absl::OkStatus();
}

// Applies the attributes by one function for each system call, so that paths and descriptors share
// this code.
template <typename SetSize, typename SetTimes, typename SetOwner, typename SetMode>
absl::Status Apply(absl::string_view what, const v1::FileAttributes& attributes, SetSize set_size,
                   SetTimes set_times, SetOwner set_owner, SetMode set_mode) {
  if (attributes.has_size() && set_size(static_cast<off_t>(attributes.size())) != 0) {
    return FileError(errno, what);
  }
  if (attributes.has_access_time() || attributes.has_modification_time()) {
    const struct timespec times[2] = {
        Time(attributes.has_access_time(), attributes.access_time()),
        Time(attributes.has_modification_time(), attributes.modification_time())};
    if (set_times(times) != 0) return FileError(errno, what);
  }
  if (attributes.has_uid() || attributes.has_gid()) {
    const uid_t uid = attributes.has_uid() ? attributes.uid() : static_cast<uid_t>(-1);
    const gid_t gid = attributes.has_gid() ? attributes.gid() : static_cast<gid_t>(-1);
    if (set_owner(uid, gid) != 0) return FileError(errno, what);
  }
  // After chown, which clears the set-user-ID bit.
  if (attributes.has_permissions() && set_mode(attributes.permissions()) != 0) {
    return FileError(errno, what);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes& attributes,
                           const CancelCheck& cancelled) {
  if (absl::Status status = CheckAttributes(attributes); !status.ok()) return status;
  const absl::StatusOr<Entry> entry = FindExisting(path, FinalLink::kFollow);
  if (!entry.ok()) return entry.status();
  if (absl::Status status = CheckTarget(*entry); !status.ok()) return status;
  if (MayBePlanted(*entry)) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat(path,
                                  " has other names, and stands in a directory that others "
                                  "may write"),
                     EACCES);
  }
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  const int held = entry->file.get();
  return Apply(
      path, attributes, [&](off_t size) { return ChangeSize(held, size); },
      [&](const struct timespec* times) { return ChangeTimes(held, times); },
      [&](uid_t uid, gid_t gid) { return ChangeOwner(held, uid, gid); },
      [&](mode_t mode) { return ChangeMode(held, mode); });
}

absl::Status SetAttributesOfFile(int fd, const v1::FileAttributes& attributes) {
  if (absl::Status status = CheckAttributes(attributes); !status.ok()) return status;
  return Apply(
      "attributes", attributes, [&](off_t size) { return ftruncate(fd, size); },
      [&](const struct timespec* times) { return futimens(fd, times); },
      [&](uid_t uid, gid_t gid) { return fchown(fd, uid, gid); },
      [&](mode_t mode) { return fchmod(fd, mode); });
}

absl::StatusOr<v1::Volume> GetVolume(absl::string_view path) {
  const absl::StatusOr<Entry> entry = FindExisting(path, FinalLink::kFollow);
  if (!entry.ok()) return entry.status();
  struct statvfs volume;
  if (fstatvfs(entry->file.get(), &volume) != 0) return FileError(errno, path);
  v1::Volume reply;
  reply.set_free_bytes(volume.f_bavail * uint64_t{volume.f_frsize});
  reply.set_total_bytes(volume.f_blocks * uint64_t{volume.f_frsize});
  return reply;
}

}  // namespace toolboxd::hgfsd
