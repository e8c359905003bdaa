// SPDX-License-Identifier: Apache-2.0

#include "powerd/hook_check.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd {
namespace {

absl::Status Refuse(const std::string& path) {
  return MakeError(v1::PERMISSION_DENIED,
                   absl::StrCat(path,
                                " is writable by other users, so no script that depends on it is "
                                "run; set its owner to root and remove group and other write "
                                "permission (chown root, chmod go-w)"));
}

bool IsOurs(const struct stat& info) { return info.st_uid == 0 || info.st_uid == geteuid(); }

bool OthersMayWrite(const struct stat& info) { return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0; }

}  // namespace

absl::Status CheckNotWritable(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), free);
  if (real == nullptr) return ErrnoError(errno, path);
  std::string place = real.get();
  struct stat info = {};
  if (stat(place.c_str(), &info) != 0) return ErrnoError(errno, place);
  if (!IsOurs(info) || OthersMayWrite(info)) return Refuse(path);
  while (place != "/") {
    place = place.substr(0, std::max<size_t>(place.rfind('/'), 1));
    if (stat(place.c_str(), &info) != 0) return ErrnoError(errno, place);
    // In a sticky folder others cannot exchange what belongs to root.
    const bool sticky = (info.st_mode & S_ISVTX) != 0;
    if (!IsOurs(info) || (OthersMayWrite(info) && !sticky)) return Refuse(place);
  }
  return absl::OkStatus();
}

absl::Status CheckHooks(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
  if (dir == nullptr) return errno == ENOENT ? absl::OkStatus() : ErrnoError(errno, folder);
  if (absl::Status checked = CheckNotWritable(folder); !checked.ok()) return checked;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const absl::Status checked = CheckNotWritable(absl::StrCat(folder, "/", name));
    // A link that leads nowhere is not run.
    if (!checked.ok() && !absl::IsNotFound(checked)) return checked;
  }
  return absl::OkStatus();
}

}  // namespace toolboxd
