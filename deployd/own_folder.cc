// SPDX-License-Identifier: Apache-2.0

#include "deployd/own_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

absl::Status Foreign(const std::string& path, absl::string_view what) {
  return MakeError(v1::PERMISSION_DENIED, absl::StrCat(path, " ", what, ": remove it"));
}

}  // namespace

absl::StatusOr<UniqueFd> OpenOwnFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoError(errno, path);
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.ok() && (errno == ELOOP || errno == ENOTDIR)) {
    return Foreign(path, "is not a folder");
  }
  struct stat info;
  if (!folder.ok() || fstat(folder.get(), &info) != 0) return ErrnoError(errno, path);
  if (info.st_uid != geteuid()) {
    return Foreign(path, absl::StrCat("belongs to user ", info.st_uid, ", not ", geteuid()));
  }
  if ((info.st_mode & 077) != 0) return Foreign(path, "lets other users in");
  return folder;
}

absl::Status EmptyFolder(const std::string& path, const std::string& first) {
  std::error_code error;
  absl::Status status;
  if (!first.empty()) fs::remove_all(path + "/" + first, error);
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error) status.Update(ErrnoError(error.value(), path));
  for (const fs::path& entry : entries) {
    fs::remove_all(entry, error);
    if (error) status.Update(ErrnoError(error.value(), entry.string()));
  }
  return status;
}

}  // namespace toolboxd::deployd
