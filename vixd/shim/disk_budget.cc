// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/disk_budget.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace toolboxd::vixd {
namespace {

constexpr off_t kMinFree = 16 << 20;
constexpr off_t kMaxFree = 256 << 20;
// A stream writes this much before the directory is measured again.
constexpr off_t kStep = 1 << 20;

struct FileSystem {
  off_t size = 0;
  off_t available = 0;

  off_t Quarter() const { return size / 4; }
  off_t MustStayFree() const { return std::clamp(Quarter(), kMinFree, kMaxFree); }
};

std::optional<FileSystem> Measure(int dir) {
  struct statvfs info;
  if (fstatvfs(dir, &info) != 0) return std::nullopt;
  const off_t block = static_cast<off_t>(info.f_frsize);
  return FileSystem{static_cast<off_t>(info.f_blocks) * block,
                    static_cast<off_t>(info.f_bavail) * block};
}

bool IsStream(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view suffix = name.substr(dot);
  return suffix == ".in" || suffix == ".rest" || suffix == ".out" || suffix == ".err";
}

// Bytes that the streams in the directory take.
off_t StreamBytes(int dir) {
  const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = fd < 0 ? nullptr : fdopendir(fd);
  if (list == nullptr) return 0;
  off_t bytes = 0;
  while (const dirent* entry = readdir(list)) {
    struct stat info;
    if (IsStream(entry->d_name) && fstatat(dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
      bytes += static_cast<off_t>(info.st_blocks) * 512;
    }
  }
  closedir(list);
  return bytes;
}

}  // namespace

bool StreamBudget::MayGrow(off_t size) {
  const std::optional<FileSystem> system = Measure(dir_);
  if (!system.has_value() || system->available <= system->MustStayFree()) return false;
  if (size < granted_) return true;
  const off_t left = std::min(user_limit_, system->Quarter()) - StreamBytes(dir_);
  if (left <= 0) return false;
  granted_ = size + std::min(left, kStep);
  return true;
}

bool HasCapacityForRecord(int dir) {
  const std::optional<FileSystem> system = Measure(dir);
  return system.has_value() && system->available > system->MustStayFree() / 2;
}

}  // namespace toolboxd::vixd
