// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "hgfsd/archive_disk.h"
#include "hgfsd/utf8_locale.h"

namespace toolboxd::hgfsd {
namespace {

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_free(archive); }
};
using Archive = std::unique_ptr<struct archive, FreeArchive>;

std::string Quoted(absl::string_view name) {
  return absl::StrCat("member '", absl::CHexEscape(name), "'");
}

// The error with the member's name before it.
absl::Status OfMember(absl::string_view name, const absl::Status& status) {
  return MakeError(ReasonOf(status), absl::StrCat(Quoted(name), ": ", status.message()),
                   OsErrorOf(status));
}

class UnpackRun {
 public:
  UnpackRun(int target, const ArchiveSource& source) : disk_(target), source_(source) {}

  absl::Status Run();

 private:
  static la_ssize_t Supply(struct archive* archive, void* self, const void** data);
  // OK to continue with the next member; an error ends the unpacking.
  absl::Status Member(struct archive_entry* entry);
  absl::Status Make(struct archive_entry* entry, const std::string& name);
  absl::Status Content(absl::string_view name);
  absl::Status ReadError() const;
  // A full disk ends the unpacking; any other error is of this member only.
  absl::Status Refuse(const absl::Status& status);

  ArchiveDisk disk_;
  const ArchiveSource& source_;
  Archive reader_;
  absl::Status source_status_;
  // The error of the first member that was skipped.
  absl::Status refused_;
};

absl::Status UnpackRun::Run() {
  reader_.reset(archive_read_new());
  archive_read_support_format_tar(reader_.get());
  archive_read_support_filter_gzip(reader_.get());
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
  const absl::Status closed = disk_.Close();
  if (!status.ok()) return status;
  return refused_.ok() ? closed : refused_;
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

absl::Status UnpackRun::Refuse(const absl::Status& status) {
  if (ReasonOf(status) == v1::NO_SPACE) return status;
  refused_.Update(status);
  return absl::OkStatus();
}

absl::Status UnpackRun::Member(struct archive_entry* entry) {
  const char* pathname = archive_entry_pathname(entry);
  if (pathname == nullptr) {
    return Refuse(MakeError(v1::INVALID_ARGUMENT, "the archive has a member without a name"));
  }
  const absl::StatusOr<std::string> name = CheckMemberName(pathname);
  if (!name.ok()) return Refuse(name.status());
  if (name->empty()) return absl::OkStatus();  // The root.
  if (absl::Status status = Make(entry, *name); !status.ok()) {
    return Refuse(OfMember(pathname, status));
  }
  const bool has_content = archive_entry_hardlink(entry) == nullptr &&
                           archive_entry_filetype(entry) == AE_IFREG &&
                           archive_entry_size(entry) > 0;
  if (has_content) {
    // Without Finish no incomplete file is left.
    if (absl::Status status = Content(pathname); !status.ok()) return status;
  }
  const absl::Status status = disk_.Finish();
  return status.ok() ? status : Refuse(OfMember(pathname, status));
}

absl::Status UnpackRun::Make(struct archive_entry* entry, const std::string& name) {
  const char* hardlink = archive_entry_hardlink(entry);
  if (hardlink == nullptr) return disk_.Make(entry, name, "");
  const absl::StatusOr<std::string> first = CheckMemberName(hardlink);
  if (!first.ok()) return first.status();
  if (first->empty()) return MakeError(v1::INVALID_ARGUMENT, "is linked to the root");
  return disk_.Make(entry, name, *first);
}

absl::Status UnpackRun::Content(absl::string_view name) {
  while (true) {
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(reader_.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) return absl::OkStatus();
    if (result < ARCHIVE_WARN) return ReadError();
    const absl::Status status =
        disk_.Write(offset, absl::string_view(static_cast<const char*>(data), size));
    if (!status.ok()) return OfMember(name, status);
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

absl::Status UnpackArchive(int target, const ArchiveSource& source) {
  Utf8Locale locale;
  return UnpackRun(target, source).Run();
}

}  // namespace toolboxd::hgfsd
