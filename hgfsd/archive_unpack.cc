// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "hgfsd/file_error.h"
#include "hgfsd/paths.h"
#include "hgfsd/utf8_locale.h"

namespace toolboxd::hgfsd {
namespace {

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_free(archive); }
};
using Archive = std::unique_ptr<struct archive, FreeArchive>;

constexpr int kFlags = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_ACL |
                       ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SPARSE |
                       ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT;

bool IsFull(int error) { return error == ENOSPC || error == EDQUOT; }

class UnpackRun {
 public:
  UnpackRun(const std::string& target, const ArchiveSource& source)
      : target_(target), source_(source) {}

  absl::Status Run();

 private:
  static la_ssize_t Supply(struct archive* archive, void* self, const void** data);
  // OK to continue with the next member; an error ends the unpacking.
  absl::Status Member(struct archive_entry* entry);
  absl::Status Content(absl::string_view name);
  // Rewrites names to be below the target. An error for a member that is refused.
  absl::Status Prepare(struct archive_entry* entry);
  absl::Status DiskError(absl::string_view name) const;
  absl::Status ReadError() const;
  bool HasSpaceForDirectory() const;
  void Refuse(absl::Status status) { refused_.Update(std::move(status)); }

  const std::string& target_;
  const ArchiveSource& source_;
  Archive reader_;
  Archive disk_;
  absl::Status source_status_;
  // The error of the first member that was skipped.
  absl::Status refused_;
};

absl::Status UnpackRun::Run() {
  reader_.reset(archive_read_new());
  disk_.reset(archive_write_disk_new());
  archive_read_support_format_tar(reader_.get());
  archive_read_support_filter_gzip(reader_.get());
  archive_write_disk_set_options(disk_.get(),
                                 kFlags | (geteuid() == 0 ? ARCHIVE_EXTRACT_OWNER : 0));
  archive_write_disk_set_standard_lookup(disk_.get());
  if (archive_read_open(reader_.get(), this, nullptr, &Supply, nullptr) != ARCHIVE_OK) {
    return ReadError();
  }
  absl::Status status;
  while (status.ok()) {
    struct archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader_.get(), &entry);
    if (result == ARCHIVE_EOF) break;
    if (result < ARCHIVE_WARN && result != ARCHIVE_RETRY) {
      status = ReadError();
    } else if (result != ARCHIVE_RETRY) {
      status = Member(entry);
    }
  }
  // Sets permissions and times of directories.
  const bool closed = archive_write_close(disk_.get()) >= ARCHIVE_WARN;
  if (!status.ok()) return status;
  if (!refused_.ok()) return refused_;
  return closed ? absl::OkStatus() : DiskError("directories");
}

la_ssize_t UnpackRun::Supply(struct archive* archive, void* self, const void** data) {
  auto* run = static_cast<UnpackRun*>(self);
  absl::StatusOr<absl::string_view> next = run->source_();
  if (!next.ok()) {
    run->source_status_ = next.status();
    archive_set_error(archive, EPIPE, "the upload ended before the archive");
    return ARCHIVE_FATAL;
  }
  *data = next->data();
  return next->size();
}

absl::Status UnpackRun::ReadError() const {
  if (!source_status_.ok()) return source_status_;
  const char* text = archive_error_string(reader_.get());
  return MakeError(
      v1::INVALID_ARGUMENT,
      absl::StrCat("not a tar archive: ", text != nullptr ? text : "libarchive reports no reason"));
}

absl::Status UnpackRun::DiskError(absl::string_view name) const {
  const int error = archive_errno(disk_.get());
  const char* text = archive_error_string(disk_.get());
  const std::string what = absl::StrCat("member '", absl::CHexEscape(name), "'",
                                        text != nullptr ? ": " : "", text != nullptr ? text : "");
  // libarchive's own refusals, of symbolic links on the way, come without an errno.
  return error > 0 ? FileError(error, what) : MakeError(v1::INVALID_ARGUMENT, what);
}

absl::Status UnpackRun::Prepare(struct archive_entry* entry) {
  const char* pathname = archive_entry_pathname(entry);
  if (pathname == nullptr)
    return MakeError(v1::INVALID_ARGUMENT, "the archive has a member without a name");
  absl::StatusOr<std::string> name = CheckMemberName(pathname);
  if (!name.ok()) return name.status();
  const mode_t type = archive_entry_filetype(entry);
  const char* hardlink = archive_entry_hardlink(entry);
  const bool known = type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK || type == AE_IFIFO;
  if (hardlink == nullptr && !known) {
    return MakeError(v1::INVALID_ARGUMENT,
                     absl::StrCat("member '", absl::CHexEscape(pathname),
                                  "' is a device or a socket, which is not unpacked"));
  }
  if (target_.size() + name->size() + 2 > PATH_MAX) return FileError(ENAMETOOLONG, *name);
  archive_entry_copy_pathname(entry, name->empty() ? "" : JoinPath(target_, *name).c_str());
  if (hardlink != nullptr) {
    absl::StatusOr<std::string> first = CheckMemberName(hardlink);
    if (!first.ok()) return first.status();
    archive_entry_copy_hardlink(entry, JoinPath(target_, *first).c_str());
  }
  return absl::OkStatus();
}

// If libarchive cannot make a member's parents it reports that they do not exist, not why.
bool UnpackRun::HasSpaceForDirectory() const {
  const std::string probe = JoinPath(target_, RandomName(".toolboxd-probe-"));
  if (mkdir(probe.c_str(), 0700) != 0) return !IsFull(errno);
  rmdir(probe.c_str());
  return true;
}

absl::Status UnpackRun::Member(struct archive_entry* entry) {
  const char* pathname = archive_entry_pathname(entry);
  const std::string name = pathname != nullptr ? pathname : "?";
  if (absl::Status status = Prepare(entry); !status.ok()) {
    Refuse(std::move(status));
    return absl::OkStatus();
  }
  const std::string path = archive_entry_pathname(entry);
  if (path.empty()) return absl::OkStatus();  // The root.
  if (archive_write_header(disk_.get(), entry) < ARCHIVE_WARN) {
    absl::Status status = DiskError(name);
    if (IsFull(archive_errno(disk_.get()))) return status;
    if (archive_errno(disk_.get()) == ENOENT && !HasSpaceForDirectory()) {
      return FileError(ENOSPC, absl::StrCat("member '", absl::CHexEscape(name), "'"));
    }
    Refuse(std::move(status));
    return absl::OkStatus();
  }
  const bool has_content = archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0;
  absl::Status status = has_content ? Content(name) : absl::OkStatus();
  // A warning: an attribute that the file system does not support or the user may not set.
  if (archive_write_finish_entry(disk_.get()) < ARCHIVE_WARN && status.ok()) {
    status = DiskError(name);
    if (!IsFull(archive_errno(disk_.get()))) {
      Refuse(std::move(status));
      status = absl::OkStatus();
    }
  }
  // Leave no incomplete file.
  if (!status.ok() && has_content) unlink(path.c_str());
  return status;
}

absl::Status UnpackRun::Content(absl::string_view name) {
  while (true) {
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(reader_.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) return absl::OkStatus();
    if (result < ARCHIVE_WARN) return ReadError();
    // Here a warning means a failed write too.
    if (archive_write_data_block(disk_.get(), data, size, offset) != ARCHIVE_OK) {
      return DiskError(name);
    }
  }
}

}  // namespace

absl::StatusOr<std::string> CheckMemberName(absl::string_view name) {
  const std::string escaped = absl::CHexEscape(name);
  if (name.empty() || name[0] == '/') {
    return MakeError(v1::INVALID_ARGUMENT, absl::StrCat("member '", escaped, "' is absolute"));
  }
  std::string result;
  for (absl::string_view component : absl::StrSplit(name, '/')) {
    if (component == "..") {
      return MakeError(v1::INVALID_ARGUMENT,
                       absl::StrCat("member '", escaped, "' would leave the target directory"));
    }
    if (component.empty() || component == ".") continue;
    if (!result.empty()) result += '/';
    absl::StrAppend(&result, component);
  }
  return result;
}

absl::Status UnpackArchive(const std::string& target, const ArchiveSource& source) {
  Utf8Locale locale;
  // If this is refused, a file that another thread makes at the same time may miss the umask.
  (void)!unshare(CLONE_FS);
  return UnpackRun(target, source).Run();
}

}  // namespace toolboxd::hgfsd
