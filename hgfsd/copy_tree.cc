// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/copy_tree.h"

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
#include "hgfsd/data_range.h"
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
// Content between two checks whether the copy was cancelled.
constexpr size_t kPiece = 8 * 1024 * 1024;

// One copy of a tree.
class Copy {
 public:
  Copy(int top, const CancelCheck& cancelled) : top_(top), cancelled_(cancelled) {}

  // `path` is the path of `to` below `top_`.
  absl::Status Entry(const Place& from, const Place& to, const std::string& path, int depth);

 private:
  absl::Status File(const Place& from, const Place& to, const struct stat& st);
  absl::Status Directory(const Place& from, const Place& to, const std::string& path, int depth);
  absl::Status Link(const Place& from, const Place& to, const struct stat& st);
  absl::Status PipeOrDevice(const Place& from, const Place& to, const struct stat& st);
  absl::Status Content(int from, int to, off_t size);
  absl::Status Range(int from, int to, DataRange range);
  absl::Status Attributes(int from, int to, const struct stat& st);

  // The directory that the copy is made in.
  const int top_;
  const CancelCheck& cancelled_;
  // Where files with several names were copied to.
  HardLinks copied_;
};

int Open(const Place& place, int flags, mode_t mode = 0) {
  return openat(place.directory, place.name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

absl::Status Copy::Entry(const Place& from, const Place& to, const std::string& path, int depth) {
  if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
  struct stat st;
  if (fstatat(from.directory, from.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileError(errno, from.name);
  }
  if (S_ISDIR(st.st_mode)) return Directory(from, to, path, depth);
  const std::string copied = copied_.FirstName(st, path);
  if (!copied.empty() && linkat(top_, copied.c_str(), to.directory, to.name.c_str(), 0) == 0) {
    return absl::OkStatus();
  }
  if (S_ISREG(st.st_mode)) return File(from, to, st);
  if (S_ISLNK(st.st_mode)) return Link(from, to, st);
  return PipeOrDevice(from, to, st);
}

absl::Status Copy::Link(const Place& from, const Place& to, const struct stat& st) {
  absl::StatusOr<std::string> target = ReadLink(from.directory, from.name);
  if (!target.ok()) return target.status();
  const char* const name = to.name.c_str();
  if (symlinkat(target->c_str(), to.directory, name) != 0) return FileError(errno, to.name);
  // The kernel does not check a link's owner, so a failure here takes nothing away.
  (void)!fchownat(to.directory, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  if (utimensat(to.directory, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileError(errno, to.name);
  }
  return absl::OkStatus();
}

absl::Status Copy::PipeOrDevice(const Place& from, const Place& to, const struct stat& st) {
  if (mknodat(to.directory, to.name.c_str(), st.st_mode & (S_IFMT | 0700), st.st_rdev) != 0) {
    return FileError(errno, to.name);
  }
  // O_PATH: opening a pipe would wait, opening a device may act on it.
  UniqueFd in(Open(from, O_PATH));
  if (!in.ok()) return FileError(errno, from.name);
  UniqueFd out(Open(to, O_PATH));
  if (!out.ok()) return FileError(errno, to.name);
  absl::Status status = CopyExtendedAttributes(in.get(), out.get(), IfUnsupported::kSkip);
  if (!status.ok()) return status;
  return Attributes(in.get(), out.get(), st);
}

absl::Status Copy::File(const Place& from, const Place& to, const struct stat& st) {
  // O_NONBLOCK: a pipe may have taken the file's place.
  UniqueFd in(Open(from, O_RDONLY | O_NONBLOCK));
  if (!in.ok()) return FileError(errno, from.name);
  UniqueFd out(Open(to, O_RDWR | O_CREAT | O_EXCL, 0600));
  if (!out.ok()) return FileError(errno, to.name);
  absl::Status status = Content(in.get(), out.get(), st.st_size);
  if (!status.ok()) return status;
  status = CopyExtendedAttributes(in.get(), out.get(), IfUnsupported::kSkip);
  if (!status.ok()) return status;
  if (status = Attributes(in.get(), out.get(), st); !status.ok()) return status;
  return CopyCapabilities(in.get(), out.get());
}

absl::Status Copy::Directory(const Place& from, const Place& to, const std::string& path,
                             int depth) {
  if (depth > kMaxDepth) return FileError(ENAMETOOLONG, path);
  UniqueFd in(OpenDirectoryBelow(from.directory, from.name.c_str()));
  if (!in.ok() && errno == EXDEV) {
    return MakeError(v1::BUSY, absl::StrCat(path, ": a file system is mounted there"), EBUSY);
  }
  struct stat st;
  if (!in.ok() || fstat(in.get(), &st) != 0) return FileError(errno, from.name);
  if (mkdirat(to.directory, to.name.c_str(), 0700) != 0) return FileError(errno, to.name);
  UniqueFd out(OpenDirectoryBelow(to.directory, to.name.c_str()));
  if (!out.ok()) return FileError(errno, to.name);
  const int in_fd = in.get();
  DirectoryStream stream(std::move(in));
  while (true) {
    absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
    if (!entry.ok()) return entry.status();
    if (entry->name.empty()) break;
    const std::string name(entry->name);
    absl::Status status =
        Entry({in_fd, name}, {out.get(), name}, absl::StrCat(path, "/", name), depth + 1);
    if (!status.ok()) return status;
  }
  absl::Status status = CopyExtendedAttributes(in_fd, out.get(), IfUnsupported::kSkip);
  if (!status.ok()) return status;
  return Attributes(in_fd, out.get(), st);
}

// Leaves the holes out. The copy is as long as the file was when its copy began.
absl::Status Copy::Content(int from, int to, off_t size) {
  for (off_t offset = 0; offset < size;) {
    const DataRange range = NextDataRange(from, offset, size);
    if (absl::Status status = Range(from, to, range); !status.ok()) return status;
    offset = range.end;
  }
  if (ftruncate(to, size) != 0) return FileError(errno, "cannot copy content");
  return absl::OkStatus();
}

absl::Status Copy::Range(int from, int to, DataRange range) {
  std::string buffer;
  bool in_kernel = true;
  while (range.begin < range.end) {
    if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
    const size_t wanted = std::min<off_t>(range.end - range.begin, kPiece);
    if (in_kernel) {
      off_t in = range.begin, out = range.begin;
      const ssize_t count = copy_file_range(from, &in, to, &out, wanted, 0);
      if (count > 0) {
        range.begin += count;
        continue;
      }
      if (count < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
        return FileError(errno, "cannot copy content");
      }
      in_kernel = false;  // Not between these file systems.
      buffer.resize(256 * 1024);
    }
    const ssize_t count = pread(from, buffer.data(), std::min(wanted, buffer.size()), range.begin);
    if (count < 0) return FileError(errno, "cannot copy content");
    if (count == 0) return absl::OkStatus();  // The file has shrunk since.
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = pwrite(to, buffer.data() + done, count - done, range.begin + done);
      if (written < 0) return FileError(errno, "cannot copy content");
      done += written;
    }
    range.begin += count;
  }
  return absl::OkStatus();
}

// Either descriptor may be O_PATH.
absl::Status Copy::Attributes(int from, int to, const struct stat& st) {
  struct stat now;
  if (fstat(to, &now) != 0) return FileError(errno, "cannot copy attributes");
  const std::string file = absl::StrCat("/proc/self/fd/", to);
  bool owned = now.st_uid == st.st_uid && now.st_gid == st.st_gid;
  if (!owned) owned = chown(file.c_str(), st.st_uid, st.st_gid) == 0;
  // A user may set a group of their own even where they may not set the owner.
  if (!owned) (void)!chown(file.c_str(), -1, st.st_gid);
  const mode_t mode = PermissionsOfCopy(from, to, st.st_mode & (owned ? 07777 : 0777));
  if (chmod(file.c_str(), mode) != 0) return FileError(errno, "cannot copy attributes");
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  if (utimensat(AT_FDCWD, file.c_str(), times, 0) != 0)
    return FileError(errno, "cannot copy attributes");
  return absl::OkStatus();
}

}  // namespace

absl::Status CopyTree(const Place& from, const Place& to, const CancelCheck& cancelled) {
  return Copy(to.directory, cancelled).Entry(from, to, to.name, 0);
}

}  // namespace toolboxd::hgfsd
