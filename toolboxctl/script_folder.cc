// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/script_folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strict_modes.h"

namespace toolboxd {

bool IsScript(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if ((info.st_mode & 0111) != 0) return true;
  LogNotice(path, " is not run: it is not executable");
  return false;
}

absl::StatusOr<std::vector<std::string>> ScriptsIn(const std::string& folder) {
  std::vector<std::string> scripts;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
  if (dir == nullptr) {
    if (errno == ENOENT) return scripts;
    return ErrnoError(errno, folder);
  }
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    std::string path = absl::StrCat(folder, "/", entry->d_name);
    if (IsScript(path)) scripts.push_back(std::move(path));
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

absl::Status CheckModes(const std::vector<std::string>& scripts) {
  for (const std::string& script : scripts) {
    if (absl::Status status = CheckStrictModes(script); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace toolboxd
