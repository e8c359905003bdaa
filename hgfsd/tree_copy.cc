// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "hgfsd/directory_stream.h"
#include "hgfsd/extended_attributes.h"
#include "hgfsd/file_error.h"
#include "hgfsd/hard_links.h"
#include "hgfsd/mounts.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {
namespace {

// Each level holds two descriptors and one buffer of names.
constexpr int kMaxDepth = 200;
// Between two questions whether to go on.
constexpr size_t kPiece = 8 * 1024 * 1024;

class Copy {
 public:
  Copy(int to, const Cancelled& cancelled) : top_(to), cancelled_(cancelled) {}

  // `shown` is the target's path below `top_`.
  absl::Status Entry(int from, const std::string& name, int to, const std::string& to_name,
                     const std::string& shown, int depth);

 private:
  absl::Status File(int from, const std::string& name, int to, const std::string& to_name,
                    const struct stat& st);
  absl::Status Directory(int from, const std::string& name, int to, const std::string& to_name,
                         const std::string& shown, int depth);
  absl::Status Link(int from, const std::string& name, int to, const std::string& to_name,
                    const struct stat& st);
  absl::Status PipeOrDevice(int from, const std::string& name, int to, const std::string& to_name,
                            const struct stat& st);
  absl::Status Content(int from, int to, off_t size);
  absl::Status Range(int from, int to, off_t begin, off_t end);
  absl::Status Attributes(int from, int to, const struct stat& st);

  const int top_;
  const Cancelled& cancelled_;
  // Where files with several names were copied to.
  HardLinks copied_;
};

absl::Status Copy::Entry(int from, const std::string& name, int to, const std::string& to_name,
                         const std::string& shown, int depth) {
  if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
  struct stat st;
  if (fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return FileError(errno, name);
  if (S_ISDIR(st.st_mode)) return Directory(from, name, to, to_name, shown, depth);
  const std::string copied = copied_.FirstName(st, shown);
  if (!copied.empty() && linkat(top_, copied.c_str(), to, to_name.c_str(), 0) == 0) {
    return absl::OkStatus();
  }
  if (S_ISREG(st.st_mode)) return File(from, name, to, to_name, st);
  if (S_ISLNK(st.st_mode)) return Link(from, name, to, to_name, st);
  return PipeOrDevice(from, name, to, to_name, st);
}

absl::Status Copy::Link(int from, const std::string& name, int to, const std::string& to_name,
                        const struct stat& st) {
  absl::StatusOr<std::string> target = ReadLink(from, name);
  if (!target.ok()) return target.status();
  if (symlinkat(target->c_str(), to, to_name.c_str()) != 0) return FileError(errno, to_name);
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  // Nobody asks who a link belongs to.
  (void)!fchownat(to, to_name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
  if (utimensat(to, to_name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileError(errno, to_name);
  }
  return absl::OkStatus();
}

absl::Status Copy::PipeOrDevice(int from, const std::string& name, int to,
                                const std::string& to_name, const struct stat& st) {
  if (mknodat(to, to_name.c_str(), st.st_mode & (S_IFMT | 0700), st.st_rdev) != 0) {
    return FileError(errno, to_name);
  }
  // Not opened: that would wait, or act on a device.
  UniqueFd in(openat(from, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!in.ok()) return FileError(errno, name);
  UniqueFd out(openat(to, to_name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!out.ok()) return FileError(errno, to_name);
  absl::Status status = CopyExtendedAttributes(in.get(), out.get(), /*lenient=*/true);
  if (!status.ok()) return status;
  return Attributes(in.get(), out.get(), st);
}

absl::Status Copy::File(int from, const std::string& name, int to, const std::string& to_name,
                        const struct stat& st) {
  // O_NONBLOCK: a pipe may have taken the file's place.
  UniqueFd in(openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!in.ok()) return FileError(errno, name);
  UniqueFd out(openat(to, to_name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out.ok()) return FileError(errno, to_name);
  if (absl::Status status = Content(in.get(), out.get(), st.st_size); !status.ok()) return status;
  if (absl::Status status = CopyExtendedAttributes(in.get(), out.get(), /*lenient=*/true);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = Attributes(in.get(), out.get(), st); !status.ok()) return status;
  return CopyCapabilities(in.get(), out.get());
}

absl::Status Copy::Directory(int from, const std::string& name, int to, const std::string& to_name,
                             const std::string& shown, int depth) {
  if (depth > kMaxDepth) return FileError(ENAMETOOLONG, shown);
  UniqueFd in(OpenDirectoryBelow(from, name.c_str()));
  if (!in.ok() && errno == EXDEV) {
    return MakeError(v1::BUSY, absl::StrCat(shown, ": a file system is mounted there"), EBUSY);
  }
  struct stat st;
  if (!in.ok() || fstat(in.get(), &st) != 0) return FileError(errno, name);
  if (mkdirat(to, to_name.c_str(), 0700) != 0) return FileError(errno, to_name);
  UniqueFd out(OpenDirectoryBelow(to, to_name.c_str()));
  if (!out.ok()) return FileError(errno, to_name);
  const int in_fd = in.get();
  DirectoryStream stream(std::move(in));
  while (true) {
    absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
    if (!entry.ok()) return entry.status();
    if (entry->name.empty()) break;
    const std::string child(entry->name);
    absl::Status status =
        Entry(in_fd, child, out.get(), child, absl::StrCat(shown, "/", child), depth + 1);
    if (!status.ok()) return status;
  }
  if (absl::Status status = CopyExtendedAttributes(in_fd, out.get(), /*lenient=*/true);
      !status.ok()) {
    return status;
  }
  return Attributes(in_fd, out.get(), st);
}

// Piece by piece between the holes; the file is as long as it was when the copy began.
absl::Status Copy::Content(int from, int to, off_t size) {
  off_t offset = 0;
  while (offset < size) {
    off_t begin = lseek(from, offset, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;  // Only a hole is left.
    if (begin < 0) begin = offset;
    off_t end = lseek(from, begin, SEEK_HOLE);
    if (end < 0 || end > size) end = size;
    if (absl::Status status = Range(from, to, begin, end); !status.ok()) return status;
    offset = end;
  }
  if (ftruncate(to, size) != 0) return FileError(errno, "content");
  return absl::OkStatus();
}

absl::Status Copy::Range(int from, int to, off_t begin, off_t end) {
  std::string buffer;
  bool in_kernel = true;
  while (begin < end) {
    if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
    const size_t wanted = std::min<off_t>(end - begin, kPiece);
    if (in_kernel) {
      off_t in = begin, out = begin;
      const ssize_t count = copy_file_range(from, &in, to, &out, wanted, 0);
      if (count > 0) {
        begin += count;
        continue;
      }
      if (count < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
        return FileError(errno, "content");
      }
      in_kernel = false;  // Not between these file systems.
      buffer.resize(256 * 1024);
    }
    const ssize_t count = pread(from, buffer.data(), std::min(wanted, buffer.size()), begin);
    if (count < 0) return FileError(errno, "content");
    if (count == 0) return absl::OkStatus();  // It shrank meanwhile.
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = pwrite(to, buffer.data() + done, count - done, begin + done);
      if (written < 0) return FileError(errno, "content");
      done += written;
    }
    begin += count;
  }
  return absl::OkStatus();
}

// Either descriptor may be O_PATH.
absl::Status Copy::Attributes(int from, int to, const struct stat& st) {
  struct stat now;
  if (fstat(to, &now) != 0) return FileError(errno, "attributes");
  const std::string file = absl::StrCat("/proc/self/fd/", to);
  bool owned = now.st_uid == st.st_uid && now.st_gid == st.st_gid;
  if (!owned) owned = chown(file.c_str(), st.st_uid, st.st_gid) == 0;
  // A group that the user is in can be given even if the owner cannot.
  if (!owned) (void)!chown(file.c_str(), -1, st.st_gid);
  const mode_t mode = PermissionsOfCopy(from, to, st.st_mode & (owned ? 07777 : 0777));
  if (chmod(file.c_str(), mode) != 0) return FileError(errno, "attributes");
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  if (utimensat(AT_FDCWD, file.c_str(), times, 0) != 0) return FileError(errno, "attributes");
  return absl::OkStatus();
}

}  // namespace

absl::Status CopyTree(int from, const std::string& from_name, int to, const std::string& to_name,
                      const Cancelled& cancelled) {
  return Copy(to, cancelled).Entry(from, from_name, to, to_name, to_name, 0);
}

}  // namespace toolboxd::hgfsd
