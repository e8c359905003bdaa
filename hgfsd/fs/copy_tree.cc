// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/copy_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "hgfsd/fs/beneath.h"
#include "hgfsd/fs/data_range.h"
#include "hgfsd/fs/directory_stream.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/extended_attributes.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/hard_links.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/make.h"
#include "hgfsd/fs/mounts.h"
#include "hgfsd/fs/new_file.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {
namespace {

// Each level holds two descriptors and one buffer of names.
constexpr int kMaxDepth = 200;
// Content between two checks whether the copy was cancelled.
constexpr size_t kPiece = 8 * 1024 * 1024;

// ST_NOSUID and the like of statvfs(3): what does not count on the source's file system must not
// begin to count on the target's.
unsigned long MountFlags(int held) {
  struct statvfs volume;
  return fstatvfs(held, &volume) == 0 ? volume.f_flag : 0;
}

// One copy of a tree.
class Copy {
 public:
  Copy(const struct stat& held, const CancelCheck& cancelled)
      : held_(held), cancelled_(cancelled) {}

  // `path` is the path of `to` below the copy's top directory; empty for that itself.
  absl::Status Entry(const Place& from, const Place& to, const std::string& path, int depth);

  std::optional<struct stat> made() const { return made_; }

 private:
  // What is copied is held by `from`, O_PATH; `st` is its status.
  absl::Status File(const UniqueFd& from, const Place& to, const struct stat& st, int depth);
  // The same of the open file `in`, into the new file `out`.
  absl::Status Fill(int in, int out, const struct stat& st);
  absl::Status Link(const UniqueFd& from, const Place& to, const struct stat& st);
  absl::Status PipeOrDevice(const UniqueFd& from, const Place& to, const struct stat& st);
  absl::Status Directory(const Place& from, const Place& to, const std::string& path, int depth);
  // Gives the copy that was made of a file another name. False if it is not there any more.
  bool LinkToCopy(const HardLinks::First& first, const Place& to) const;
  // Keeps what was made of the file `from`.
  void Made(int entry, const struct stat& from);
  absl::Status Content(int from, int to, off_t size);
  absl::Status Range(int from, int to, DataRange range);
  absl::Status Attributes(int from, int to, const struct stat& st);

  // What the caller looked at.
  const struct stat& held_;
  // The copy's top directory, once it is made.
  int top_ = -1;
  const CancelCheck& cancelled_;
  // Where files with several names were copied to.
  HardLinks copied_;
  // The first entry that was made.
  std::optional<struct stat> made_;
};

absl::Status Copy::Entry(const Place& from, const Place& to, const std::string& path, int depth) {
  if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
  UniqueFd held(openat(from.directory, from.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  if (!held.ok() || fstat(held.get(), &st) != 0) return FileError(errno, from.name);
  if (depth == 0 && !SameFile(st, held_)) return Replaced(from.name);
  if (S_ISDIR(st.st_mode)) return Directory(from, to, path, depth);
  const HardLinks::First first = copied_.FirstName(st, path);
  if (!first.name.empty() && LinkToCopy(first, to)) return absl::OkStatus();
  if (S_ISREG(st.st_mode)) return File(held, to, st, depth);
  if (S_ISLNK(st.st_mode)) return Link(held, to, st);
  return PipeOrDevice(held, to, st);
}

absl::Status Copy::Link(const UniqueFd& from, const Place& to, const struct stat& st) {
  absl::StatusOr<std::string> target = ReadLink(from.get(), "");
  if (!target.ok()) return target.status();
  absl::StatusOr<UniqueFd> out = MakeLink(to.directory, to.name, *target);
  if (!out.ok()) return out.status();
  Made(out->get(), st);
  // The kernel does not check a link's owner, so a failure here takes nothing away.
  (void)!ChangeOwner(out->get(), st.st_uid, st.st_gid);
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  return ChangeTimes(out->get(), times) == 0 ? absl::OkStatus() : FileError(errno, to.name);
}

absl::Status Copy::PipeOrDevice(const UniqueFd& from, const Place& to, const struct stat& st) {
  const bool device = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode);
  if (device && (MountFlags(from.get()) & ST_NODEV) != 0) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat(to.name, " is a device on a file system that is mounted nodev"),
                     EACCES);
  }
  absl::StatusOr<UniqueFd> out =
      MakeNode(to.directory, to.name, st.st_mode & (S_IFMT | 0700), st.st_rdev);
  if (!out.ok()) return out.status();
  Made(out->get(), st);
  absl::Status status = CopyExtendedAttributes(from.get(), out->get(), IfUnsupported::kSkip);
  if (!status.ok()) return status;
  return Attributes(from.get(), out->get(), st);
}

absl::Status Copy::File(const UniqueFd& from, const Place& to, const struct stat& st, int depth) {
  // A lease of the owner's would have an ordinary open wait for the owner.
  UniqueFd in(open(Through(from.get()).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!in.ok()) return FileError(errno, to.name);
  if (depth > 0) {
    const absl::StatusOr<UniqueFd> out = MakeFile(to.directory, to.name, 0600);
    return out.ok() ? Fill(in.get(), out->get(), st) : out.status();
  }
  // Nothing is left of it if this process is killed.
  const absl::StatusOr<std::unique_ptr<NewFile>> out = NewFile::Make(to.directory, 0600, to.name);
  if (!out.ok()) return out.status();
  absl::Status status = Fill(in.get(), (*out)->fd(), st);
  if (status.ok() && (*out)->TakeName(to.name, Existing::kKeep) != 0) {
    return FileError(errno, to.name);
  }
  return status;
}

absl::Status Copy::Fill(int in, int out, const struct stat& st) {
  Made(out, st);
  absl::Status status = Content(in, out, st.st_size);
  if (!status.ok()) return status;
  status = CopyExtendedAttributes(in, out, IfUnsupported::kSkip);
  if (!status.ok()) return status;
  if (status = Attributes(in, out, st); !status.ok()) return status;
  // Before the caller removes the file.
  if (CloseCopy(out) != 0) return FileError(errno, "cannot copy content");
  const bool trusted = (MountFlags(in) & ST_NOSUID) == 0;
  return trusted ? CopyCapabilities(in, out) : absl::OkStatus();
}

absl::Status Copy::Directory(const Place& from, const Place& to, const std::string& path,
                             int depth) {
  if (depth > kMaxDepth) return FileError(ENAMETOOLONG, from.name);
  UniqueFd in(OpenDirectoryBelow(from.directory, from.name.c_str()));
  if (!in.ok() && errno == EXDEV) {
    return MakeError(v1::BUSY, absl::StrCat(from.name, ": a file system is mounted there"), EBUSY);
  }
  struct stat st;
  if (!in.ok() || fstat(in.get(), &st) != 0) return FileError(errno, from.name);
  if (depth == 0 && !SameFile(st, held_)) return Replaced(from.name);
  absl::StatusOr<UniqueFd> out = MakeDirectoryHeld(to.directory, to.name, 0700);
  if (!out.ok()) return out.status();
  Made(out->get(), st);
  if (depth == 0) top_ = out->get();
  const int in_fd = in.get();
  DirectoryStream stream(std::move(in));
  while (true) {
    absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
    if (!entry.ok()) return entry.status();
    if (entry->name.empty()) break;
    const std::string name(entry->name);
    absl::Status status = Entry({in_fd, name}, {out->get(), name},
                                path.empty() ? name : absl::StrCat(path, "/", name), depth + 1);
    if (!status.ok()) return status;
  }
  absl::Status status = CopyExtendedAttributes(in_fd, out->get(), IfUnsupported::kSkip);
  if (!status.ok()) return status;
  return Attributes(in_fd, out->get(), st);
}

// The owner of the target's directory may have exchanged everything on the way to the copy: only
// what is the copy by its inode gets the name.
bool Copy::LinkToCopy(const HardLinks::First& first, const Place& to) const {
  const PathParts parts = SplitPath(first.name);
  const absl::StatusOr<UniqueFd> directory =
      OpenBeneath(top_, parts.parent == "." ? "" : parts.parent, Missing::kFail);
  if (!directory.ok()) return false;
  UniqueFd copy(openat(directory->get(), parts.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  return copy.ok() && fstat(copy.get(), &st) == 0 && st.st_dev == first.device &&
         st.st_ino == first.inode && LinkTo(copy.get(), to.directory, to.name) == 0;
}

void Copy::Made(int entry, const struct stat& from) {
  struct stat st;
  if (fstat(entry, &st) != 0) return;
  if (!made_.has_value()) made_ = st;
  copied_.SetCopy(from, st);
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
  bool owned = now.st_uid == st.st_uid && now.st_gid == st.st_gid;
  if (!owned) owned = ChangeOwner(to, st.st_uid, st.st_gid) == 0;
  // A user may set a group of their own even where they may not set the owner.
  if (!owned) (void)!ChangeOwner(to, -1, st.st_gid);
  mode_t mode = PermissionsOfCopy(from, to, st.st_mode & (owned ? 07777 : 0777));
  if ((MountFlags(from) & ST_NOSUID) != 0) mode &= ~(S_ISUID | S_ISGID);
  if (ChangeMode(to, mode) != 0) return FileError(errno, "cannot copy attributes");
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  if (ChangeTimes(to, times) != 0) return FileError(errno, "cannot copy attributes");
  return absl::OkStatus();
}

}  // namespace

TreeCopy CopyTree(const Place& from, const struct stat& held, const Place& to,
                  const CancelCheck& cancelled) {
  Copy copy(held, cancelled);
  absl::Status status = copy.Entry(from, to, "", 0);
  return {std::move(status), copy.made()};
}

}  // namespace toolboxd::hgfsd
