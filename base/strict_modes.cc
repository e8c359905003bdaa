// SPDX-License-Identifier: Apache-2.0

#include "base/strict_modes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {
namespace {

constexpr uid_t kFirstPerson = 1000;
// The owner of what a user namespace does not map, as in a development sandbox.
constexpr uid_t kUnmapped = 65534;

bool IsTrusted(uid_t owner) {
  if (owner == 0) return true;
  const uid_t self = geteuid();
  return self >= kFirstPerson && (owner == self || owner == kUnmapped);
}

// What is there; `sticky` says whether a sticky folder may be written by others.
absl::Status CheckEntry(const std::string& path, bool sticky) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return ErrnoError(errno, path);
  if (!IsTrusted(info.st_uid)) {
    return MakeError(v1::PERMISSION_DENIED,
                     absl::StrCat(path, " belongs to the user ", info.st_uid,
                                  ", who could change it; run: chown root ", path));
  }
  const bool open = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!open || (sticky && S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0)) {
    return absl::OkStatus();
  }
  return MakeError(
      v1::PERMISSION_DENIED,
      absl::StrCat(path, " can be changed by users other than root; run: chmod go-w ", path));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::Status CheckStrictModes(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), free);
  if (real == nullptr) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    struct stat folder = {};
    if (!missing) return ErrnoError(errno, path);
    if (stat(FolderOf(path).c_str(), &folder) != 0) return absl::OkStatus();
    return CheckStrictModes(FolderOf(path));
  }
  std::string entry = real.get();
  for (int level = 0;; ++level) {
    if (absl::Status status = CheckEntry(entry, /*sticky=*/level > 1); !status.ok()) return status;
    if (entry == "/") return absl::OkStatus();
    entry = FolderOf(entry);
  }
}

absl::Status CheckStrictModesOfAll(const std::string& path) {
  if (absl::Status status = CheckStrictModes(path); !status.ok()) return status;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  if (dir == nullptr) {
    return errno == ENOENT || errno == ENOTDIR ? absl::OkStatus() : ErrnoError(errno, path);
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name == "." || name == "..") continue;
    absl::Status status = CheckStrictModes(absl::StrCat(path, "/", name));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace toolboxd
