// SPDX-License-Identifier: Apache-2.0

#include "base/strict_modes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
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

// As many as the kernel follows.
constexpr int kMaxLinks = 40;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

absl::Status CheckOwner(const std::string& path, const struct stat& info) {
  if (IsTrusted(info.st_uid)) return absl::OkStatus();
  return MakeError(v1::PERMISSION_DENIED,
                   absl::StrCat(path, " belongs to the user ", info.st_uid,
                                ", who could change it; run: chown -h root ", path));
}

absl::Status CheckMode(const std::string& path, const struct stat& info, bool sticky_is_fine) {
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return absl::OkStatus();
  if (sticky_is_fine && S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0) {
    return absl::OkStatus();
  }
  // Such a folder is for everybody.
  const bool shared = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
  const std::string remedy =
      shared ? "use a folder that only root can change" : absl::StrCat("run: chmod go-w ", path);
  return MakeError(v1::PERMISSION_DENIED,
                   absl::StrCat(path, " can be changed by users other than root; ", remedy));
}

// An absolute path, from the root down; `level` is 0 for the file, 1 for its folder and so on. The
// folder of a link counts, and then what the link leads to.
absl::Status Check(const std::string& path, int level, int& links) {
  if (path != "/") {
    if (absl::Status above = Check(FolderOf(path), level + 1, links); !above.ok()) return above;
  }
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? absl::OkStatus() : ErrnoError(errno, path);
  }
  if (absl::Status owner = CheckOwner(path, info); !owner.ok()) return owner;
  if (!S_ISLNK(info.st_mode)) return CheckMode(path, info, /*sticky_is_fine=*/level > 1);
  if (++links > kMaxLinks) return ErrnoError(ELOOP, path);
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return ErrnoError(errno, path);
  target.resize(size);
  return Check(target[0] == '/' ? target : absl::StrCat(FolderOf(path), "/", target), level, links);
}

}  // namespace

absl::Status CheckStrictModes(const std::string& path) {
  int links = 0;
  return Check(std::filesystem::absolute(path).string(), 0, links);
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
