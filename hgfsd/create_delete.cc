// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/create_delete.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/make.h"
#include "hgfsd/fs/paths.h"

namespace toolboxd::hgfsd {
namespace {

// Tries of CreateTemporary with another random number.
constexpr int kMaxAttempts = 100;

// What a path without its trailing slashes names, if that is a directory and not a link to one.
absl::StatusOr<Entry> FindDirectory(absl::string_view path) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  absl::StatusOr<Entry> entry = FindExisting(WithoutTrailingSlashes(path), FinalLink::kKeep);
  if (entry.ok() && !entry->IsDirectory()) return FileError(ENOTDIR, path);
  return entry;
}

// The directory that holds temporary files, and its path.
struct TemporaryDirectory {
  std::string path;
  UniqueFd directory;
  // Where this call made it: the directory to remove it from, and its name there.
  UniqueFd parent;
  std::string name;
};

absl::StatusOr<TemporaryDirectory> OpenTemporaryDirectory(const std::string& path) {
  absl::StatusOr<Entry> entry = FindExisting(path, FinalLink::kFollow);
  if (!entry.ok()) return entry.status();
  if (!entry->IsDirectory()) return FileError(ENOTDIR, path);
  return TemporaryDirectory{path, std::move(entry->file), UniqueFd(), ""};
}

// Opens a directory that no other user can have prepared: the user's own, 0700, and not a link.
UniqueFd OpenPrivate(int parent, const std::string& name) {
  UniqueFd fd(openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  if (fd.ok() && fstat(fd.get(), &st) == 0 && st.st_uid == geteuid() &&
      (st.st_mode & 0777) == 0700) {
    return fd;
  }
  return UniqueFd();
}

absl::StatusOr<TemporaryDirectory> PrivateTemporaryDirectory() {
  const char* variable = getenv("TMPDIR");
  absl::StatusOr<TemporaryDirectory> base =
      OpenTemporaryDirectory(variable != nullptr && variable[0] == '/' ? variable : "/tmp");
  if (!base.ok()) base = OpenTemporaryDirectory("/tmp");
  if (!base.ok()) return base.status();
  const int parent = base->directory.get();
  std::string name = absl::StrCat("toolboxd-", geteuid());
  bool made = mkdirat(parent, name.c_str(), 0700) == 0;
  UniqueFd directory = OpenPrivate(parent, name);
  if (!directory.ok()) {
    // Another user has taken the name.
    name = RandomName(absl::StrCat(name, "-"));
    absl::StatusOr<UniqueFd> other = MakeDirectoryHeld(parent, name, 0700);
    if (!other.ok()) return other.status();
    directory = *std::move(other);
    made = true;
  }
  return TemporaryDirectory{JoinPath(base->path, name), std::move(directory),
                            made ? std::move(base->directory) : UniqueFd(), name};
}

uint32_t RandomNumber() {
  uint32_t number = 0;
  while (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
  }
  return number;
}

absl::StatusOr<std::string> CreateTemporaryIn(const TemporaryDirectory& directory,
                                              const v1::CreateTemporaryRequest& request) {
  const int parent = directory.directory.get();
  for (int i = 0; i < kMaxAttempts; ++i) {
    const std::string name =
        absl::StrCat(request.prefix(), "vmware", RandomNumber(), request.suffix());
    const std::string path = JoinPath(directory.path, name);
    if (request.make_directory()) {
      if (mkdirat(parent, name.c_str(), 0700) == 0) return path;
    } else {
      UniqueFd fd(openat(parent, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (fd.ok()) return path;
    }
    if (errno != EEXIST) return FileError(errno, path);
  }
  return FileError(EEXIST, directory.path);
}

// What to do about a directory that another process has made in the meantime.
enum class Existing { kUse, kRefuse };

// Directories that one call makes below an existing one. Each is made in the one before it.
class NewDirectories {
 public:
  explicit NewDirectories(UniqueFd top) : last_(std::move(top)) {}

  absl::Status Make(const std::string& name, mode_t mode, Existing existing);
  // Removes those that were made, as far as they are empty.
  void Remove();

 private:
  UniqueFd last_;
  // Names of those that were made. Empty: it was there.
  std::vector<std::string> names_;
};

absl::Status NewDirectories::Make(const std::string& name, mode_t mode, Existing existing) {
  const bool made = mkdirat(last_.get(), name.c_str(), mode) == 0;
  if (!made && (errno != EEXIST || existing == Existing::kRefuse)) return FileError(errno, name);
  UniqueFd next(openat(last_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!next.ok()) return FileError(errno, name);
  names_.push_back(made ? name : "");
  last_ = std::move(next);
  return absl::OkStatus();
}

void NewDirectories::Remove() {
  for (; !names_.empty(); names_.pop_back()) {
    UniqueFd parent(openat(last_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent.ok()) return;
    const std::string& name = names_.back();
    if (!name.empty()) unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
    last_ = std::move(parent);
  }
}

// Makes a directory whose parents are missing, and these.
absl::Status MakeWithParents(const std::string& path, mode_t mode) {
  std::vector<std::string> missing;  // Outermost last.
  PathParts parts = SplitPath(path);
  absl::StatusOr<Entry> entry = absl::NotFoundError("");
  while (true) {
    missing.push_back(parts.name);
    entry = FindExisting(parts.parent, FinalLink::kFollow);
    if (ReasonOf(entry.status()) != v1::NOT_FOUND || parts.parent == "/") break;
    parts = SplitPath(parts.parent);
  }
  if (!entry.ok()) return entry.status();
  if (!entry->IsDirectory()) return FileError(ENOTDIR, entry->path);
  NewDirectories made(std::move(entry->file));
  absl::Status status;
  for (; status.ok() && missing.size() > 1; missing.pop_back()) {
    status = made.Make(missing.back(), mode, Existing::kUse);
  }
  if (status.ok()) status = made.Make(missing.back(), mode, Existing::kRefuse);
  if (!status.ok()) made.Remove();
  return status;
}

}  // namespace

absl::Status MakeDirectory(absl::string_view path, Parents parents, mode_t mode,
                           const CancelCheck& cancelled) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (mode == 0) mode = 0700;
  const std::string target = WithoutTrailingSlashes(path);
  const absl::StatusOr<Entry> entry = Find(target, FinalLink::kKeep);
  if (entry.ok()) {
    const bool made = mkdirat(entry->directory.get(), entry->name.c_str(), mode) == 0;
    return made ? absl::OkStatus() : FileError(errno, path);
  }
  if (ReasonOf(entry.status()) != v1::NOT_FOUND || parents == Parents::kMustExist) {
    return entry.status();
  }
  return MakeWithParents(target, mode);
}

absl::Status DeleteFile(absl::string_view path, const CancelCheck& cancelled) {
  const absl::StatusOr<Entry> entry = FindExisting(path, FinalLink::kKeep);
  if (!entry.ok()) return entry.status();
  if (entry->IsDirectory()) return FileError(EISDIR, path);
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  const bool removed = unlinkat(entry->directory.get(), entry->name.c_str(), 0) == 0;
  return removed ? absl::OkStatus() : FileError(errno, path);
}

absl::Status DeleteDirectory(absl::string_view path, const CancelCheck& cancelled) {
  const absl::StatusOr<Entry> entry = FindDirectory(path);
  if (!entry.ok()) return entry.status();
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (unlinkat(entry->directory.get(), entry->name.c_str(), AT_REMOVEDIR) != 0) {
    return FileError(errno == EEXIST ? ENOTEMPTY : errno, path);
  }
  return absl::OkStatus();
}

absl::Status DeleteTree(absl::string_view path, DeferredDeleter& deleter,
                        const CancelCheck& cancelled) {
  absl::StatusOr<Entry> entry = FindDirectory(path);
  if (!entry.ok()) return entry.status();
  return deleter.Delete(*std::move(entry), cancelled);
}

absl::StatusOr<std::string> CreateTemporary(const v1::CreateTemporaryRequest& request,
                                            const CancelCheck& cancelled) {
  for (const std::string& part : {request.prefix(), request.suffix()}) {
    if (part.find('/') != part.npos || part.find('\0') != part.npos) {
      return MakeError(v1::INVALID_ARGUMENT,
                       "a prefix or suffix may not contain a slash or a NUL byte");
    }
  }
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  absl::StatusOr<TemporaryDirectory> directory = request.directory().empty()
                                                     ? PrivateTemporaryDirectory()
                                                     : OpenTemporaryDirectory(request.directory());
  if (!directory.ok()) return directory.status();
  absl::StatusOr<std::string> path = CreateTemporaryIn(*directory, request);
  // Another call may have put a file into it in the meantime: then this fails.
  if (!path.ok() && directory->parent.ok()) {
    unlinkat(directory->parent.get(), directory->name.c_str(), AT_REMOVEDIR);
  }
  return path;
}

}  // namespace toolboxd::hgfsd
