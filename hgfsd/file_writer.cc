// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/attributes.h"
#include "hgfsd/extended_attributes.h"
#include "hgfsd/file_error.h"
#include "hgfsd/file_info.h"
#include "hgfsd/mounts.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {
namespace {

constexpr absl::string_view kTemporary = ".toolboxd-upload-";
constexpr int kWriteFlags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

bool ContentGoes(v1::OpenForWriting::Mode mode) {
  return mode == v1::OpenForWriting::TRUNCATE_EXISTING ||
         mode == v1::OpenForWriting::CREATE_OR_TRUNCATE;
}

std::string ThroughFd(const UniqueFd& fd) { return absl::StrCat("/proc/self/fd/", fd.get()); }

// Whether the entry is a mount point. Renaming over it fails, or replaces the file that the mount
// hides.
bool IsMountPoint(int directory, const std::string& name) {
  struct statx entry, parent;
  if (statx(directory, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &entry) != 0 ||
      statx(directory, "", AT_EMPTY_PATH, STATX_MNT_ID, &parent) != 0) {
    return false;
  }
  return entry.stx_mnt_id != parent.stx_mnt_id;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Open(absl::string_view path,
                                                             const Options& options) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  if (path.back() == '/') return FileError(EISDIR, path);
  absl::StatusOr<std::string> resolved = ResolveLastLink(path);
  if (!resolved.ok()) return resolved.status();
  PathParts parts = SplitPath(*resolved);
  if (parts.name.empty()) return FileError(EISDIR, path);
  std::unique_ptr<FileWriter> writer(new FileWriter);
  writer->directory_.reset(open(parts.parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!writer->directory_.ok()) return FileError(errno, parts.parent);
  writer->name_ = std::move(parts.name);
  writer->sync_ = options.sync;
  if (absl::Status status = writer->OpenTarget(options); !status.ok()) return status;
  return writer;
}

absl::Status FileWriter::OpenTarget(const Options& options) {
  const mode_t permissions = options.permissions == 0 ? 0600 : options.permissions & 07777;
  struct stat st;
  if (fstatat(directory_.get(), name_.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT || options.mode == v1::OpenForWriting::OPEN_EXISTING ||
        options.mode == v1::OpenForWriting::TRUNCATE_EXISTING) {
      return FileError(errno, name_);
    }
    must_be_new_ = options.mode == v1::OpenForWriting::CREATE_NEW;
    return OpenBeside(permissions);
  }
  if (S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode)) {
    return MakeError(v1::NOT_A_FILE,
                     absl::StrCat(name_, " is a directory or a socket, which cannot be written"),
                     EISDIR);
  }
  if (options.mode == v1::OpenForWriting::CREATE_NEW) return FileError(EEXIST, name_);

  // Also before a replacement: a user who may not write a file may not replace it either.
  target_.reset(openat(directory_.get(), name_.c_str(), kWriteFlags | O_NOFOLLOW));
  const int error = target_.ok() ? 0 : errno;
  if (error == ETXTBSY) {
    // A running program can be replaced, but not written.
    if (faccessat(directory_.get(), name_.c_str(), W_OK, AT_EACCESS) != 0) {
      return FileError(errno, name_);
    }
  } else if (error != 0) {
    return FileError(error, name_);
  }
  const bool replaceable = ContentGoes(options.mode) && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
                           !IsMountPoint(directory_.get(), name_);
  if (replaceable) {
    absl::Status status = OpenBeside(0600);
    if (status.ok()) status = CopyAttributesOfTarget(st);
    if (status.ok()) target_.reset();  // A file that is open for writing cannot be executed.
    if (status.ok() || !target_.ok() || ReasonOf(status) == v1::NO_SPACE) return status;
    file_.reset();
    if (!temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
    temporary_.clear();
  }
  if (!target_.ok()) return FileError(ETXTBSY, name_);
  return OpenInPlace(options);
}

absl::Status FileWriter::OpenBeside(mode_t permissions) {
  file_.reset(openat(directory_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, permissions));
  if (file_.ok()) return absl::OkStatus();
  // O_TMPFILE is missing on some file systems (EOPNOTSUPP) and in old kernels (EISDIR).
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return FileError(errno, name_);
  std::string name = RandomName(kTemporary);
  file_.reset(openat(directory_.get(), name.c_str(),
                     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions));
  if (!file_.ok()) return FileError(errno, name_);
  temporary_ = std::move(name);
  return absl::OkStatus();
}

absl::Status FileWriter::OpenInPlace(const Options& options) {
  in_place_ = true;
  file_ = std::move(target_);
  struct stat st;
  if (fstat(file_.get(), &st) != 0) return FileError(errno, name_);
  seekable_ = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
  if (!S_ISREG(st.st_mode)) return absl::OkStatus();
  if (!ContentGoes(options.mode)) {
    position_ = st.st_size;
    return absl::OkStatus();
  }
  return ftruncate(file_.get(), 0) == 0 ? absl::OkStatus() : FileError(errno, name_);
}

absl::Status FileWriter::CopyAttributesOfTarget(const struct stat& target) {
  struct stat now;
  if (fstat(file_.get(), &now) != 0) return FileError(errno, name_);
  if ((now.st_uid != target.st_uid || now.st_gid != target.st_gid) &&
      fchown(file_.get(), target.st_uid, target.st_gid) != 0) {
    return FileError(errno, name_);
  }
  // Reading user.* needs read permission. Without it the file is written in place.
  UniqueFd source(
      openat(directory_.get(), name_.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!source.ok()) return FileError(errno, name_);
  absl::Status status = CopyExtendedAttributes(source.get(), file_.get(), IfUnsupported::kFail);
  if (!status.ok()) return status;
  if (fchmod(file_.get(), target.st_mode & 07777) != 0) return FileError(errno, name_);
  return absl::OkStatus();
}

FileWriter::~FileWriter() {
  if (!temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
}

absl::Status FileWriter::Write(uint64_t offset, absl::string_view data,
                               const CancelCheck& cancelled) {
  if (!error_.ok()) return error_;
  if (offset > INT64_MAX || data.size() > INT64_MAX - offset) {
    return error_ = FileError(EFBIG, name_);
  }
  if (!seekable_ && offset != position_) {
    return error_ = MakeError(
               v1::INVALID_ARGUMENT,
               absl::StrCat(name_, " is a pipe or a device, which takes bytes in order only"));
  }
  position_ = offset;
  while (!data.empty()) {
    const ssize_t count = seekable_ ? pwrite(file_.get(), data.data(), data.size(), position_)
                                    : write(file_.get(), data.data(), data.size());
    if (count >= 0) {
      data.remove_prefix(count);
      position_ += count;
      size_ += count;
    } else if (errno == EAGAIN) {
      if (error_ = WaitUntilWritable(cancelled); !error_.ok()) return error_;
    } else if (errno != EINTR) {
      return error_ = FileError(errno, name_);
    }
  }
  return absl::OkStatus();
}

absl::Status FileWriter::WaitUntilWritable(const CancelCheck& cancelled) {
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  pollfd ready = {file_.get(), POLLOUT, 0};
  poll(&ready, 1, 100);
  return absl::OkStatus();
}

absl::Status FileWriter::Commit(const CancelCheck& cancelled) {
  if (!error_.ok()) return error_;
  error_ = SetAttributesOfFile(file_.get(), attributes_);
  if (!error_.ok()) return error_;
  // Network file systems report pending write errors when a descriptor is closed.
  const int copy = fcntl(file_.get(), F_DUPFD_CLOEXEC, 3);
  if (copy >= 0 && close(copy) != 0) return error_ = FileError(errno, name_);
  if (sync_ && seekable_ && fdatasync(file_.get()) != 0) return error_ = FileError(errno, name_);
  if (error_ = CheckCancelled(cancelled); !error_.ok()) return error_;
  if (!in_place_) error_ = Link();
  return error_;
}

// Gives the file its name: the commit point.
absl::Status FileWriter::Link() {
  const int directory = directory_.get();
  if (temporary_.empty()) {
    const std::string file = ThroughFd(file_);
    if (linkat(AT_FDCWD, file.c_str(), directory, name_.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return absl::OkStatus();
    }
    if (errno != EEXIST || must_be_new_) return FileError(errno, name_);
    // link() does not replace a file. rename() does, but needs a name to start from.
    std::string name = RandomName(kTemporary);
    if (linkat(AT_FDCWD, file.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return FileError(errno, name_);
    }
    temporary_ = std::move(name);
  }
  const unsigned flags = must_be_new_ ? RENAME_NOREPLACE : 0;
  if (renameat2(directory, temporary_.c_str(), directory, name_.c_str(), flags) != 0) {
    return FileError(errno, name_);
  }
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd
