// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/archive_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/make.h"
#include "hgfsd/fs/trust.h"

namespace toolboxd::hgfsd {
namespace {

// Times that a name is freed for a member, while another process takes it again.
constexpr int kMaxAttempts = 5;

// The path of a member's directory, empty for the target, and the member's name in it.
std::pair<std::string, std::string> SplitMember(const std::string& name) {
  const size_t slash = name.rfind('/');
  if (slash == name.npos) return {"", name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

// Whether the archive may change a directory that was there before: not one that another user has
// put into a directory of theirs.
bool MayChange(int parent, const struct stat& directory) {
  struct stat st;
  return fstat(parent, &st) == 0 && (IsOwnDirectory(st) || directory.st_uid == st.st_uid);
}

}  // namespace

absl::Status ArchiveDisk::OpenParent(const std::string& name) {
  auto [directory, leaf] = SplitMember(name);
  leaf_ = std::move(leaf);
  if (parent_.ok() && directory == parent_name_) return absl::OkStatus();
  parent_.reset();
  absl::StatusOr<UniqueFd> parent = OpenBeneath(target_, directory, Missing::kMake);
  if (!parent.ok()) return parent.status();
  parent_ = *std::move(parent);
  parent_name_ = std::move(directory);
  return absl::OkStatus();
}

absl::Status ArchiveDisk::RemoveExisting() {
  if (unlinkat(parent_.get(), leaf_.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  const int error = errno;
  if ((error == EISDIR || error == EPERM) &&
      unlinkat(parent_.get(), leaf_.c_str(), AT_REMOVEDIR) == 0) {
    return absl::OkStatus();
  }
  return FileError(error == EISDIR ? errno : error, leaf_);
}

absl::StatusOr<UniqueFd> ArchiveDisk::Replace(const MakeFunction& make) {
  absl::StatusOr<UniqueFd> made = make();
  for (int i = 1; i < kMaxAttempts && OsErrorOf(made.status()) == EEXIST; ++i) {
    if (absl::Status status = RemoveExisting(); !status.ok()) return status;
    made = make();
  }
  return made;
}

absl::Status ArchiveDisk::Make(struct archive_entry* entry, const std::string& name,
                               const std::string& hardlink) {
  new_file_.reset();
  file_.reset();
  entry_ = entry;
  name_ = name;
  if (absl::Status status = OpenParent(name); !status.ok()) return status;
  if (!hardlink.empty()) return MakeHardLink(hardlink);
  if (archive_entry_filetype(entry) == AE_IFDIR) return MakeDirectory(entry, name);
  if (archive_entry_filetype(entry) == AE_IFREG) return MakeRegular();
  absl::StatusOr<UniqueFd> made = Replace([&] { return MakeSpecial(entry); });
  if (!made.ok()) return made.status();
  file_ = *std::move(made);
  return absl::OkStatus();
}

absl::Status ArchiveDisk::MakeRegular() {
  absl::StatusOr<std::unique_ptr<NewFile>> made = NewFile::Make(parent_.get(), 0600, leaf_);
  if (made.ok()) new_file_ = *std::move(made);
  return made.status();
}

absl::StatusOr<UniqueFd> ArchiveDisk::MakeSpecial(struct archive_entry* entry) {
  switch (archive_entry_filetype(entry)) {
    case AE_IFIFO:
      return MakeNode(parent_.get(), leaf_, S_IFIFO | 0600, 0);
    case AE_IFLNK: {
      const char* target = archive_entry_symlink(entry);
      return MakeLink(parent_.get(), leaf_, target != nullptr ? target : "");
    }
    default:
      return MakeError(v1::INVALID_ARGUMENT, "is a device or a socket, which is not unpacked");
  }
}

void ArchiveDisk::Remember(const struct stat& st) {
  const size_t key = std::hash<std::string>()(name_);
  if (known_.size() < kMaxKnown || known_.count(key) != 0) {
    known_[key] = {st.st_dev, st.st_ino, st.st_uid};
  }
}

absl::StatusOr<UniqueFd> ArchiveDisk::OpenKnown(const std::string& first) const {
  const auto [directory, name] = SplitMember(first);
  const absl::StatusOr<UniqueFd> from = OpenBeneath(target_, directory, Missing::kFail);
  if (!from.ok()) return from.status();
  UniqueFd held(openat(from->get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  if (!held.ok() || fstat(held.get(), &st) != 0) return FileError(errno, first);
  const auto known = known_.find(std::hash<std::string>()(first));
  if (known == known_.end() || known->second.device != st.st_dev ||
      known->second.inode != st.st_ino || known->second.owner != st.st_uid) {
    return Replaced(first);
  }
  return held;
}

absl::Status ArchiveDisk::MakeHardLink(const std::string& first) {
  const absl::StatusOr<UniqueFd> held = OpenKnown(first);
  if (!held.ok()) return held.status();
  struct stat st, there;
  if (fstat(held->get(), &st) != 0) return FileError(errno, first);
  Remember(st);
  if (fstatat(parent_.get(), leaf_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      SameFile(st, there)) {
    return absl::OkStatus();
  }
  return Replace([&]() -> absl::StatusOr<UniqueFd> {
           if (LinkTo(held->get(), parent_.get(), leaf_) != 0) return FileError(errno, first);
           return UniqueFd();
         })
      .status();
}

absl::Status ArchiveDisk::MakeDirectory(struct archive_entry* entry, const std::string& name) {
  const auto hold = [&] {
    return UniqueFd(
        openat(parent_.get(), leaf_.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  };
  UniqueFd existing = hold();
  UniqueFd made;
  if (!existing.ok()) {
    absl::StatusOr<UniqueFd> result =
        Replace([&] { return MakeDirectoryHeld(parent_.get(), leaf_, 0700); });
    if (!result.ok()) return result.status();
    made = *std::move(result);
  }
  const UniqueFd& held = made.ok() ? made : existing;
  struct stat st;
  if (fstat(held.get(), &st) != 0) return FileError(errno, leaf_);
  if (!made.ok() && !MayChange(parent_.get(), st)) return absl::OkStatus();
  directories_.push_back({name, st.st_dev, st.st_ino, AttributesOf(entry, names_)});
  return SetExtendedAttributes(held.get(), entry);
}

absl::Status ArchiveDisk::Write(int64_t offset, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t count = pwrite(new_file_->fd(), data.data(), data.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, leaf_);
    data.remove_prefix(count);
    offset += count;
  }
  return absl::OkStatus();
}

absl::Status ArchiveDisk::Finish() {
  const std::unique_ptr<NewFile> new_file = std::move(new_file_);
  const UniqueFd file = std::move(file_);
  const int fd = new_file != nullptr ? new_file->fd() : file.get();
  if (fd < 0) return absl::OkStatus();
  if (new_file != nullptr && archive_entry_size(entry_) > 0 &&
      ftruncate(fd, archive_entry_size(entry_)) != 0) {
    return FileError(errno, leaf_);
  }
  if (new_file != nullptr && CloseCopy(fd) != 0) return FileError(errno, leaf_);
  const MemberAttributes attributes = AttributesOf(entry_, names_);
  SetMemberOwner(fd, attributes);
  // After the owner: changing it removes capabilities.
  absl::Status status = SetExtendedAttributes(fd, entry_);
  status.Update(SetModeAndTimes(fd, attributes));
  if (new_file != nullptr) status.Update(GiveName(*new_file));
  struct stat st;
  if (fstat(fd, &st) == 0) Remember(st);
  return status;
}

absl::Status ArchiveDisk::GiveName(NewFile& file) {
  return Replace([&]() -> absl::StatusOr<UniqueFd> {
           if (file.TakeName(leaf_, Existing::kReplace) == 0) return UniqueFd();
           // A directory has the name, which an empty one gives up.
           return FileError(errno == EISDIR || errno == ENOTEMPTY ? EEXIST : errno, leaf_);
         })
      .status();
}

absl::Status ArchiveDisk::Close() {
  new_file_.reset();
  file_.reset();
  parent_.reset();
  // Deepest first: a directory may be closed to its owner afterwards. Of two members with one name
  // the second counts.
  std::stable_sort(directories_.begin(), directories_.end(),
                   [](const Directory& a, const Directory& b) { return a.name > b.name; });
  absl::Status result;
  for (const Directory& directory : directories_) result.Update(Complete(directory));
  directories_.clear();
  return result;
}

absl::Status ArchiveDisk::Complete(const Directory& directory) const {
  const absl::StatusOr<UniqueFd> held = OpenBeneath(target_, directory.name, Missing::kFail);
  if (!held.ok()) return held.status();
  struct stat st;
  if (fstat(held->get(), &st) != 0) return FileError(errno, directory.name);
  if (st.st_dev != directory.device || st.st_ino != directory.inode) {
    return Replaced(directory.name);
  }
  SetMemberOwner(held->get(), directory.attributes);
  return SetModeAndTimes(held->get(), directory.attributes);
}

}  // namespace toolboxd::hgfsd
