// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_packer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/file_info.h"
#include "hgfsd/fs/data_range.h"
#include "hgfsd/fs/directory_stream.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/hard_links.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/through.h"
#include "hgfsd/utf8_locale.h"

namespace toolboxd::hgfsd {
namespace {

// The start of a second gzip header. toolbox's clients take it as the end of the stream, because
// the announced length of 2^63-1 bytes is not the real one (docs/protocol/hgfs.md 6.5).
constexpr absl::string_view kTrailer("\x1f\x8b\x08", 3);
// Levels of directories; each holds a descriptor.
constexpr int kMaxDepth = 400;
constexpr size_t kReadSize = 64 * 1024;

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_free(archive); }
};
struct FreeEntry {
  void operator()(struct archive_entry* entry) const { archive_entry_free(entry); }
};
using Archive = std::unique_ptr<struct archive, FreeArchive>;
using ArchiveEntry = std::unique_ptr<struct archive_entry, FreeEntry>;

// The names in a directory, sorted. One block of bytes, so that 100,000 names take a few MiB.
class SortedNames {
 public:
  absl::Status Read(DirectoryStream& stream) {
    while (true) {
      absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
      if (!entry.ok()) return entry.status();
      if (entry->name.empty()) break;
      starts_.push_back(bytes_.size());
      bytes_.append(entry->name.data(), entry->name.size() + 1);  // With its NUL.
    }
    std::sort(starts_.begin(), starts_.end(), [this](size_t a, size_t b) {
      return strcmp(bytes_.data() + a, bytes_.data() + b) < 0;
    });
    return absl::OkStatus();
  }
  size_t size() const { return starts_.size(); }
  const char* operator[](size_t index) const { return bytes_.data() + starts_[index]; }

 private:
  std::string bytes_;
  std::vector<size_t> starts_;
};

// Names of owners, as libarchive asks for them.
class OwnerName {
 public:
  explicit OwnerName(const IdNames* names) : asker_(names) {}

  // Valid until the next call; null for a number without a name.
  static const char* Get(void* self, la_int64_t id) {
    auto* const owner = static_cast<OwnerName*>(self);
    owner->last_ = owner->asker_.Get(static_cast<id_t>(id));
    return owner->last_.has_value() ? owner->last_->c_str() : nullptr;
  }

 private:
  IdNames::Asker asker_;
  std::optional<std::string> last_;
};

// One run of a packer.
class ArchiveRun {
 public:
  ArchiveRun(const ContentPath& content, size_t chunk, const ArchiveSink& sink,
             const OwnerDatabases& owners, const CancelCheck& cancelled)
      : content_(content),
        chunk_(chunk),
        sink_(sink),
        cancelled_(cancelled),
        users_(&owners.users),
        groups_(&owners.groups) {}

  // Discards what libarchive still writes when it is freed early.
  ~ArchiveRun() {
    sink_status_.Update(absl::CancelledError("the archive has ended"));
    writer_.reset();
  }

  absl::Status Start();
  absl::Status Directory(UniqueFd directory, const std::string& name, int depth);
  // `fd` is open for reading, or -1 for a member without content.
  absl::Status Member(int parent, const char* entry, const std::string& name, int fd,
                      const struct stat& st);
  absl::Status Finish();

 private:
  static la_ssize_t Receive(struct archive* archive, void* self, const void* data, size_t size);
  absl::Status Child(int parent, const char* entry, const std::string& name, int depth);
  absl::Status Content(int fd, int64_t size, const std::string& name);
  absl::Status Hole(int64_t size, const std::string& name);
  absl::Status Data(int fd, DataRange range, const std::string& name);
  absl::Status Write(const char* data, size_t size, const std::string& name);
  absl::Status Emit(size_t at_least);
  absl::Status Failure(absl::string_view name);

  const ContentPath& content_;
  const size_t chunk_;
  const ArchiveSink& sink_;
  const CancelCheck& cancelled_;
  OwnerName users_;
  OwnerName groups_;
  Archive writer_;
  Archive disk_;
  std::string out_;
  absl::Status sink_status_;
  std::string buffer_;
  HardLinks hard_links_;
};

absl::Status ArchiveRun::Start() {
  buffer_.resize(kReadSize);
  writer_.reset(archive_write_new());
  disk_.reset(archive_read_disk_new());
  struct archive* const writer = writer_.get();
  archive_read_disk_set_uname_lookup(disk_.get(), &users_, &OwnerName::Get, nullptr);
  archive_read_disk_set_gname_lookup(disk_.get(), &groups_, &OwnerName::Get, nullptr);
  archive_read_disk_set_behavior(disk_.get(), ARCHIVE_READDISK_NO_FFLAGS);
  // No blocking: `out_` collects the bytes, and the archive gets no padding after its end.
  archive_write_set_bytes_per_block(writer, 0);
  bool ok = archive_write_set_format_pax(writer) == ARCHIVE_OK &&
            archive_write_set_options(writer, "xattrheader=SCHILY") == ARCHIVE_OK;
  if (content_.gzip) {
    // Three times as fast as the default 6, for a few percent more bytes.
    ok = ok && archive_write_add_filter_gzip(writer) == ARCHIVE_OK &&
         archive_write_set_filter_option(writer, "gzip", "compression-level", "2") == ARCHIVE_OK;
  }
  ok = ok && archive_write_open2(writer, this, nullptr, &Receive, nullptr, nullptr) == ARCHIVE_OK;
  return ok ? absl::OkStatus() : Failure("archive");
}

// Never fails, because libarchive 3.6 leaks memory after a failed write. Callers check
// sink_status_.
la_ssize_t ArchiveRun::Receive(struct archive*, void* self, const void* data, size_t size) {
  auto* run = static_cast<ArchiveRun*>(self);
  if (run->sink_status_.ok()) {
    run->out_.append(static_cast<const char*>(data), size);
    run->sink_status_ = run->Emit(run->chunk_);
  }
  return size;
}

// Passes on whole chunks, and the rest if it has at least `at_least` bytes.
absl::Status ArchiveRun::Emit(size_t at_least) {
  absl::string_view rest = out_;
  while (!rest.empty() && rest.size() >= at_least) {
    if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
    if (absl::Status status = sink_(rest.substr(0, chunk_)); !status.ok()) return status;
    rest.remove_prefix(std::min(chunk_, rest.size()));
  }
  out_.erase(0, out_.size() - rest.size());
  return absl::OkStatus();
}

absl::Status ArchiveRun::Failure(absl::string_view name) {
  if (!sink_status_.ok()) return sink_status_;
  const char* text = archive_error_string(writer_.get());
  return MakeError(v1::IO_ERROR,
                   absl::StrCat("cannot pack ", name, ": ",
                                text != nullptr ? text : "libarchive reports no reason"));
}

absl::Status ArchiveRun::Directory(UniqueFd directory, const std::string& name, int depth) {
  if (depth > kMaxDepth) return FileError(ENAMETOOLONG, name);
  const int fd = directory.get();
  DirectoryStream stream(std::move(directory));
  SortedNames names;
  // A directory that cannot be listed is empty in the archive.
  if (!names.Read(stream).ok()) return absl::OkStatus();
  for (size_t i = 0; i < names.size(); ++i) {
    if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
    absl::Status status = Child(fd, names[i], absl::StrCat(name, names[i]), depth);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ArchiveRun::Child(int parent, const char* entry, const std::string& name, int depth) {
  struct stat st;
  if (fstatat(parent, entry, &st, AT_SYMLINK_NOFOLLOW) != 0) return absl::OkStatus();
  if (S_ISSOCK(st.st_mode)) return absl::OkStatus();
  if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return Member(parent, entry, name, -1, st);
  // O_NONBLOCK: a pipe may have taken the file's place.
  UniqueFd fd(openat(parent, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat now;
  if (fd.ok() && (fstat(fd.get(), &now) != 0 || (now.st_mode & S_IFMT) != (st.st_mode & S_IFMT))) {
    return absl::OkStatus();
  }
  if (S_ISREG(st.st_mode)) {
    return fd.ok() ? Member(parent, entry, name, fd.get(), now) : absl::OkStatus();
  }
  const std::string directory = absl::StrCat(name, "/");
  absl::Status status = Member(parent, entry, directory, fd.get(), fd.ok() ? now : st);
  if (!status.ok() || !fd.ok()) return status;
  return Directory(std::move(fd), directory, depth + 1);
}

absl::Status ArchiveRun::Member(int parent, const char* entry_name, const std::string& name, int fd,
                                const struct stat& st) {
  ArchiveEntry entry(archive_entry_new());
  archive_entry_copy_pathname(entry.get(), name.c_str());
  if (fd >= 0) {
    // A directory's default ACL is read by path.
    if (S_ISDIR(st.st_mode)) archive_entry_copy_sourcepath(entry.get(), Through(fd).c_str());
    // Reads extended attributes, ACLs and holes too. A warning: one of them cannot be read.
    if (archive_read_disk_entry_from_file(disk_.get(), entry.get(), fd, &st) < ARCHIVE_WARN) {
      return absl::OkStatus();
    }
  } else {
    archive_entry_copy_stat(entry.get(), &st);
    archive_entry_copy_uname(entry.get(), archive_read_disk_uname(disk_.get(), st.st_uid));
    archive_entry_copy_gname(entry.get(), archive_read_disk_gname(disk_.get(), st.st_gid));
  }
  if (S_ISLNK(st.st_mode)) {
    absl::StatusOr<std::string> target = ReadLink(parent, entry_name);
    if (!target.ok()) return absl::OkStatus();
    archive_entry_copy_symlink(entry.get(), target->c_str());
  }
  bool has_content = S_ISREG(st.st_mode);
  if (!S_ISDIR(st.st_mode)) {
    const std::string first = hard_links_.FirstName(st, name).name;
    if (!first.empty()) {
      archive_entry_copy_hardlink(entry.get(), first.c_str());
      archive_entry_sparse_clear(entry.get());
      has_content = false;
    }
  }
  if (!has_content) archive_entry_set_size(entry.get(), 0);
  // A warning: something that the format cannot express was left out.
  const int result = archive_write_header(writer_.get(), entry.get());
  if (result < ARCHIVE_FAILED || !sink_status_.ok()) return Failure(name);
  if (result == ARCHIVE_FAILED || !has_content) return absl::OkStatus();
  return Content(fd, st.st_size, name);
}

absl::Status ArchiveRun::Content(int fd, int64_t size, const std::string& name) {
  for (int64_t offset = 0; offset < size;) {
    const DataRange range = NextDataRange(fd, offset, size);
    if (absl::Status status = Hole(range.begin - offset, name); !status.ok()) return status;
    if (absl::Status status = Data(fd, range, name); !status.ok()) return status;
    offset = range.end;
  }
  const int result = archive_write_finish_entry(writer_.get());
  return result < ARCHIVE_WARN || !sink_status_.ok() ? Failure(name) : absl::OkStatus();
}

// The member's header has the map of the holes. libarchive counts the bytes it gets and discards
// those of holes, so it must get these as well.
absl::Status ArchiveRun::Hole(int64_t size, const std::string& name) {
  // Never written, so it takes no memory unless a hole appeared after the header was made.
  static char zeros[1 << 20];
  while (size > 0) {
    const size_t piece = std::min<int64_t>(size, sizeof(zeros));
    if (absl::Status status = Write(zeros, piece, name); !status.ok()) return status;
    size -= piece;
  }
  return absl::OkStatus();
}

absl::Status ArchiveRun::Data(int fd, DataRange range, const std::string& name) {
  while (range.begin < range.end) {
    const size_t wanted = std::min<int64_t>(range.end - range.begin, buffer_.size());
    const ssize_t count = pread(fd, buffer_.data(), wanted, range.begin);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, name);
    if (count == 0) return Hole(range.end - range.begin, name);  // The file has shrunk.
    if (absl::Status status = Write(buffer_.data(), count, name); !status.ok()) return status;
    range.begin += count;
  }
  return absl::OkStatus();
}

absl::Status ArchiveRun::Write(const char* data, size_t size, const std::string& name) {
  // With gzip, much is written here before the sink gets anything.
  if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
  const la_ssize_t written = archive_write_data(writer_.get(), data, size);
  return written < 0 || !sink_status_.ok() ? Failure(name) : absl::OkStatus();
}

absl::Status ArchiveRun::Finish() {
  const int result = archive_write_close(writer_.get());
  if (result != ARCHIVE_OK || !sink_status_.ok()) return Failure("archive");
  // The trailer must be in one piece: clients look for it at the end of a read.
  if (out_.size() + kTrailer.size() > chunk_) {
    if (absl::Status status = Emit(1); !status.ok()) return status;
  }
  absl::StrAppend(&out_, kTrailer);
  return sink_(out_);
}

}  // namespace

absl::StatusOr<ArchivePacker> ArchivePacker::Open(const ContentPath& content) {
  ArchivePacker packer;
  packer.content_ = content;
  const absl::StatusOr<Entry> entry = FindExisting(content.path, FinalLink::kFollow);
  if (!entry.ok()) return entry.status();
  if (!entry->IsDirectory() && !S_ISREG(entry->status.st_mode)) {
    return MakeError(v1::NOT_A_FILE,
                     absl::StrCat(content.path, " is neither a directory nor a regular file"));
  }
  absl::StatusOr<UniqueFd> root =
      entry->IsDirectory() ? OpenHeldDirectory(*entry) : OpenHeld(*entry, O_RDONLY);
  if (!root.ok()) return root.status();
  packer.root_ = *std::move(root);
  packer.status_ = entry->status;
  packer.info_.set_name(content.path);
  packer.info_.set_type(v1::REGULAR);
  packer.info_.set_size(INT64_MAX);
  packer.info_.set_mode(S_IFREG | 0600);
  packer.info_.set_uid(geteuid());
  packer.info_.set_gid(getegid());
  packer.info_.set_modification_time(time(nullptr) * int64_t{1000000000});
  packer.info_.set_effective_permissions(R_OK | W_OK);
  return packer;
}

absl::Status ArchivePacker::Pack(size_t chunk, const ArchiveSink& sink,
                                 const OwnerDatabases& owners, const CancelCheck& cancelled) {
  Utf8Locale locale;
  ArchiveRun run(content_, chunk, sink, owners, cancelled);
  if (absl::Status status = run.Start(); !status.ok()) return status;
  absl::Status status;
  if (S_ISDIR(status_.st_mode)) {
    status = run.Directory(std::move(root_), content_.prefix, 0);
  } else {
    const std::string name = absl::StrCat(content_.prefix, SplitPath(content_.path).name);
    status_.st_nlink = 1;  // The only member has no other name in the archive.
    status = run.Member(-1, "", name, root_.get(), status_);
  }
  if (!status.ok()) return status;
  return run.Finish();
}

}  // namespace toolboxd::hgfsd
