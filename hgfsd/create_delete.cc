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
#include "hgfsd/file_error.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {
namespace {

// Tries of CreateTemporary with another random number.
constexpr int kMaxAttempts = 100;

bool IsDirectory(const std::string& path) {
  struct stat st;
  return stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

// The path without trailing slashes, if it is a directory and not a link to one.
absl::StatusOr<std::string> CheckIsDirectory(absl::string_view path) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  std::string name = WithoutTrailingSlashes(path);
  struct stat st;
  if (lstat(name.c_str(), &st) != 0) return FileError(errno, path);
  if (!S_ISDIR(st.st_mode)) return FileError(ENOTDIR, path);
  return name;
}

// A directory that no other user can have prepared: the user's own, 0700, and not a link.
bool IsPrivate(const std::string& path) {
  struct stat st;
  return lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
         (st.st_mode & 0777) == 0700;
}

struct TemporaryDirectory {
  std::string path;
  // This call made it.
  bool made = false;
};

absl::StatusOr<TemporaryDirectory> PrivateTemporaryDirectory() {
  const char* variable = getenv("TMPDIR");
  const std::string base =
      variable != nullptr && variable[0] == '/' && IsDirectory(variable) ? variable : "/tmp";
  const std::string usual = JoinPath(base, absl::StrCat("toolboxd-", geteuid()));
  if (mkdir(usual.c_str(), 0700) == 0) return TemporaryDirectory{usual, true};
  if (IsPrivate(usual)) return TemporaryDirectory{usual, false};
  // Another user has taken the name.
  const std::string other = RandomName(absl::StrCat(usual, "-"));
  if (mkdir(other.c_str(), 0700) != 0) return FileError(errno, other);
  return TemporaryDirectory{other, true};
}

uint32_t RandomNumber() {
  uint32_t number = 0;
  while (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
  }
  return number;
}

absl::StatusOr<std::string> CreateTemporaryIn(const std::string& directory,
                                              const v1::CreateTemporaryRequest& request) {
  if (absl::Status status = CheckPath(directory); !status.ok()) return status;
  struct stat st;
  if (stat(directory.c_str(), &st) != 0) return FileError(errno, directory);
  if (!S_ISDIR(st.st_mode)) return FileError(ENOTDIR, directory);
  for (int i = 0; i < kMaxAttempts; ++i) {
    const std::string path = JoinPath(
        directory, absl::StrCat(request.prefix(), "vmware", RandomNumber(), request.suffix()));
    if (request.make_directory()) {
      if (mkdir(path.c_str(), 0700) == 0) return path;
    } else {
      UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (fd.ok()) return path;
    }
    if (errno != EEXIST) return FileError(errno, path);
  }
  return FileError(EEXIST, directory);
}

}  // namespace

absl::Status MakeDirectory(absl::string_view path, Parents parents, mode_t mode,
                           const CancelCheck& cancelled) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (mode == 0) mode = 0700;
  const std::string target = WithoutTrailingSlashes(path);
  if (mkdir(target.c_str(), mode) == 0) return absl::OkStatus();
  if (errno != ENOENT || parents == Parents::kMustExist) return FileError(errno, path);

  // Outermost last.
  std::vector<std::string> missing = {target};
  struct stat st;
  for (std::string parent = SplitPath(target).parent;
       stat(parent.c_str(), &st) != 0 && errno == ENOENT && parent != "/";
       parent = SplitPath(parent).parent) {
    missing.push_back(parent);
  }
  std::vector<std::string> made;
  while (!missing.empty()) {
    const std::string& next = missing.back();
    if (mkdir(next.c_str(), mode) == 0) {
      made.push_back(next);
    } else if (const int error = errno; error != EEXIST || missing.size() == 1) {
      for (; !made.empty(); made.pop_back()) rmdir(made.back().c_str());
      return FileError(error, next);
    }
    missing.pop_back();
  }
  return absl::OkStatus();
}

absl::Status DeleteFile(absl::string_view path, const CancelCheck& cancelled) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  const std::string name(path);
  struct stat st;
  if (lstat(name.c_str(), &st) != 0) return FileError(errno, path);
  if (S_ISDIR(st.st_mode)) return FileError(EISDIR, path);
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (unlink(name.c_str()) != 0) return FileError(errno, path);
  return absl::OkStatus();
}

absl::Status DeleteDirectory(absl::string_view path, const CancelCheck& cancelled) {
  const absl::StatusOr<std::string> name = CheckIsDirectory(path);
  if (!name.ok()) return name.status();
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (rmdir(name->c_str()) != 0) return FileError(errno == EEXIST ? ENOTEMPTY : errno, path);
  return absl::OkStatus();
}

absl::Status DeleteTree(absl::string_view path, DeferredDeleter& deleter,
                        const CancelCheck& cancelled) {
  const absl::StatusOr<std::string> name = CheckIsDirectory(path);
  if (!name.ok()) return name.status();
  return deleter.Delete(*name, cancelled);
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
  TemporaryDirectory directory = {request.directory()};
  if (directory.path.empty()) {
    absl::StatusOr<TemporaryDirectory> own = PrivateTemporaryDirectory();
    if (!own.ok()) return own.status();
    directory = *std::move(own);
  }
  absl::StatusOr<std::string> path = CreateTemporaryIn(directory.path, request);
  // Another call may have put a file into it in the meantime: then this fails.
  if (!path.ok() && directory.made) rmdir(directory.path.c_str());
  return path;
}

}  // namespace toolboxd::hgfsd
