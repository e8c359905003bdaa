// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/fs/file_error.h"

namespace toolboxd::hgfsd {

absl::Status CheckPath(absl::string_view path) {
  if (path.empty()) return MakeError(v1::INVALID_ARGUMENT, "the path is empty");
  if (path[0] != '/') return MakeError(v1::INVALID_ARGUMENT, "the path is not absolute");
  if (path.find('\0') != path.npos) {
    return MakeError(v1::INVALID_ARGUMENT, "the path contains a NUL byte");
  }
  if (path.size() >= PATH_MAX) return FileError(ENAMETOOLONG, "the path");
  return absl::OkStatus();
}

std::string WithoutTrailingSlashes(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

PathParts SplitPath(absl::string_view path) {
  const std::string trimmed = WithoutTrailingSlashes(path);
  const size_t slash = trimmed.rfind('/');
  if (slash == trimmed.npos) return {".", trimmed};
  return {slash == 0 ? "/" : trimmed.substr(0, slash), trimmed.substr(slash + 1)};
}

std::string JoinPath(absl::string_view directory, absl::string_view name) {
  const char* separator = !directory.empty() && directory.back() == '/' ? "" : "/";
  return absl::StrCat(directory, separator, name);
}

std::string RandomName(absl::string_view prefix) {
  uint64_t number = 0;
  // 8 bytes are never interrupted or short once the kernel's pool is ready.
  while (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
  }
  return absl::StrCat(prefix, absl::Hex(number, absl::kZeroPad16));
}

absl::StatusOr<std::string> ReadLink(int directory, const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlinkat(directory, path.c_str(), target, sizeof(target));
  if (size < 0) return FileError(errno, path);
  return std::string(target, size);
}

}  // namespace toolboxd::hgfsd
