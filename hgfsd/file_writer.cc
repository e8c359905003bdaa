// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/file_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mount_id.h"
#include "base/status.h"
#include "hgfsd/attributes.h"
#include "hgfsd/fs/extended_attributes.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/trust.h"

namespace toolboxd::hgfsd {
namespace {

constexpr int kWriteFlags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

bool ContentGoes(v1::OpenForWriting::Mode mode) {
  return mode == v1::OpenForWriting::TRUNCATE_EXISTING ||
         mode == v1::OpenForWriting::CREATE_OR_TRUNCATE;
}

// Whether the entry is a mount point. Renaming over it fails, or replaces the file that the mount
// hides.
bool IsMountPoint(const Entry& entry) {
  return MountIdOf(entry.file.get()) != MountIdOf(entry.directory.get());
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Open(absl::string_view path,
                                                             const Options& options) {
  absl::StatusOr<Entry> entry = Find(path, FinalLink::kKeep);
  if (!entry.ok()) return entry.status();
  if (path.back() == '/') return FileError(EISDIR, path);
  std::unique_ptr<FileWriter> writer(new FileWriter);
  writer->entry_ = *std::move(entry);
  writer->sync_ = options.sync;
  if (absl::Status status = writer->OpenTarget(options); !status.ok()) return status;
  // A file that is open for writing cannot be executed.
  if (writer->beside_ != nullptr) writer->target_.reset();
  return writer;
}

absl::Status FileWriter::OpenTarget(const Options& options) {
  if (!entry_.exists()) {
    if (options.mode == v1::OpenForWriting::OPEN_EXISTING ||
        options.mode == v1::OpenForWriting::TRUNCATE_EXISTING) {
      return Error(ENOENT);
    }
    must_be_new_ = options.mode == v1::OpenForWriting::CREATE_NEW;
    return OpenBeside(options.permissions == 0 ? 0600 : options.permissions & 07777);
  }
  if (absl::Status status = CheckExisting(options.mode); !status.ok()) return status;
  const bool can_write = target_.ok();
  const bool planted = MayBePlanted(entry_);
  const bool replaceable = ContentGoes(options.mode) && S_ISREG(entry_.status.st_mode) &&
                           (entry_.status.st_nlink == 1 || planted) && !IsMountPoint(entry_);
  if (replaceable) {
    absl::Status status = OpenBeside(0600);
    if (status.ok()) status = CopyAttributesOfTarget();
    if (status.ok() || !can_write || planted || ReasonOf(status) == v1::NO_SPACE) return status;
    beside_.reset();
  }
  if (planted) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat(entry_.path,
                                  " has other names, and stands in a directory that "
                                  "others may write"),
                     EACCES);
  }
  return can_write ? OpenInPlace(options) : Error(ETXTBSY);
}

// Opens the target for writing, also where it is to be replaced: a user who may not write a file
// may not replace it either. A running program can be replaced, but not opened.
absl::Status FileWriter::CheckExisting(v1::OpenForWriting::Mode mode) {
  if (entry_.IsDirectory() || S_ISSOCK(entry_.status.st_mode)) {
    return MakeError(
        v1::NOT_A_FILE,
        absl::StrCat(entry_.path, " is a directory or a socket, which cannot be written"), EISDIR);
  }
  if (entry_.IsLink()) {
    return MakeError(v1::IS_A_SYMLINK, absl::StrCat(entry_.path, " is a symbolic link"), ELOOP);
  }
  if (mode == v1::OpenForWriting::CREATE_NEW) return Error(EEXIST);
  if (absl::Status status = CheckTarget(entry_); !status.ok()) return status;
  absl::StatusOr<UniqueFd> target = OpenHeld(entry_, kWriteFlags);
  if (target.ok()) {
    target_ = *std::move(target);
    return absl::OkStatus();
  }
  if (OsErrorOf(target.status()) != ETXTBSY) return target.status();
  return CheckAccess(entry_.file.get(), entry_.path, W_OK);
}

absl::Status FileWriter::OpenBeside(mode_t permissions) {
  absl::StatusOr<std::unique_ptr<NewFile>> made =
      NewFile::Make(entry_.directory.get(), permissions, entry_.path);
  if (made.ok()) beside_ = *std::move(made);
  return made.status();
}

absl::Status FileWriter::OpenInPlace(const Options& options) {
  struct stat st;
  if (fstat(fd(), &st) != 0) return Error(errno);
  seekable_ = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
  if (!S_ISREG(st.st_mode)) return absl::OkStatus();
  if (!ContentGoes(options.mode)) {
    position_ = st.st_size;
    return absl::OkStatus();
  }
  return ftruncate(fd(), 0) == 0 ? absl::OkStatus() : Error(errno);
}

absl::Status FileWriter::CopyAttributesOfTarget() {
  const struct stat& target = entry_.status;
  struct stat now;
  if (fstat(fd(), &now) != 0) return Error(errno);
  if ((now.st_uid != target.st_uid || now.st_gid != target.st_gid) &&
      fchown(fd(), target.st_uid, target.st_gid) != 0) {
    return Error(errno);
  }
  // Reading user.* needs read permission. Without it the file is written in place.
  const absl::StatusOr<UniqueFd> source = OpenHeld(entry_, O_RDONLY | O_NONBLOCK);
  if (!source.ok()) return source.status();
  absl::Status status = CopyExtendedAttributes(source->get(), fd(), IfUnsupported::kFail);
  if (!status.ok()) return status;
  return fchmod(fd(), target.st_mode & 07777) == 0 ? absl::OkStatus() : Error(errno);
}

absl::Status FileWriter::Write(uint64_t offset, absl::string_view data,
                               const CancelCheck& cancelled) {
  if (!error_.ok()) return error_;
  if (offset > INT64_MAX || data.size() > INT64_MAX - offset) {
    return error_ = Error(EFBIG);
  }
  if (!seekable_ && offset != position_) {
    return error_ =
               MakeError(v1::INVALID_ARGUMENT,
                         absl::StrCat(entry_.path,
                                      " is a pipe or a device, which takes bytes in order only"));
  }
  position_ = offset;
  while (!data.empty()) {
    const ssize_t count = seekable_ ? pwrite(fd(), data.data(), data.size(), position_)
                                    : write(fd(), data.data(), data.size());
    if (count >= 0) {
      data.remove_prefix(count);
      position_ += count;
      size_ += count;
    } else if (errno == EAGAIN) {
      if (error_ = WaitUntilWritable(cancelled); !error_.ok()) return error_;
    } else if (errno != EINTR) {
      return error_ = Error(errno);
    }
  }
  return absl::OkStatus();
}

absl::Status FileWriter::WaitUntilWritable(const CancelCheck& cancelled) {
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  pollfd ready = {fd(), POLLOUT, 0};
  poll(&ready, 1, 100);
  return absl::OkStatus();
}

absl::Status FileWriter::Commit(const CancelCheck& cancelled) {
  if (!error_.ok()) return error_;
  error_ = SetAttributesOfFile(fd(), attributes_);
  if (!error_.ok()) return error_;
  if (CloseCopy(fd()) != 0) return error_ = Error(errno);
  if (sync_ && seekable_ && fdatasync(fd()) != 0) return error_ = Error(errno);
  if (error_ = CheckCancelled(cancelled); !error_.ok()) return error_;
  // The commit point.
  if (beside_ != nullptr &&
      beside_->TakeName(entry_.name, must_be_new_ ? Existing::kKeep : Existing::kReplace) != 0) {
    error_ = Error(errno);
  }
  return error_;
}

}  // namespace toolboxd::hgfsd
