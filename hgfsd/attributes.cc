// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/status.h"
#include "hgfsd/file_error.h"
#include "hgfsd/paths.h"

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
template <typename Truncate, typename Utimes, typename Chown, typename Chmod>
absl::Status Apply(absl::string_view what, const v1::FileAttributes& attributes, Truncate truncate,
                   Utimes utimes, Chown chown, Chmod chmod) {
  if (attributes.has_size() && truncate(static_cast<off_t>(attributes.size())) != 0) {
    return FileError(errno, what);
  }
  if (attributes.has_access_time() || attributes.has_modification_time()) {
    const struct timespec times[2] = {
        Time(attributes.has_access_time(), attributes.access_time()),
        Time(attributes.has_modification_time(), attributes.modification_time())};
    if (utimes(times) != 0) return FileError(errno, what);
  }
  if (attributes.has_uid() || attributes.has_gid()) {
    const uid_t uid = attributes.has_uid() ? attributes.uid() : static_cast<uid_t>(-1);
    const gid_t gid = attributes.has_gid() ? attributes.gid() : static_cast<gid_t>(-1);
    if (chown(uid, gid) != 0) return FileError(errno, what);
  }
  // After chown, which clears the set-user-ID bit.
  if (attributes.has_permissions() && chmod(attributes.permissions()) != 0) {
    return FileError(errno, what);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes& attributes,
                           const CancelCheck& cancelled) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  if (absl::Status status = CheckAttributes(attributes); !status.ok()) return status;
  const std::string name(path);
  struct stat st;
  if (stat(name.c_str(), &st) != 0) return FileError(errno, path);
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  const char* const file = name.c_str();
  return Apply(
      path, attributes, [&](off_t size) { return truncate(file, size); },
      [&](const struct timespec* times) { return utimensat(AT_FDCWD, file, times, 0); },
      [&](uid_t uid, gid_t gid) { return chown(file, uid, gid); },
      [&](mode_t mode) { return chmod(file, mode); });
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
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  struct statvfs volume;
  if (statvfs(std::string(path).c_str(), &volume) != 0) return FileError(errno, path);
  v1::Volume reply;
  reply.set_free_bytes(volume.f_bavail * uint64_t{volume.f_frsize});
  reply.set_total_bytes(volume.f_blocks * uint64_t{volume.f_frsize});
  return reply;
}

}  // namespace toolboxd::hgfsd
