// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/disk_budget.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace toolboxd::vixd {
namespace {

constexpr off_t kMinFree = 16 << 20;
constexpr off_t kMaxFree = 256 << 20;
// So much is written between two looks through the directory.
constexpr off_t kStep = 1 << 20;

struct FileSystem {
  off_t size = 0;
  off_t available = 0;

  off_t Quarter() const { return size / 4; }
  off_t MustStayFree() const { return std::clamp(Quarter(), kMinFree, kMaxFree); }
};

bool Measure(int dir, FileSystem* result) {
  struct statvfs info;
  if (fstatvfs(dir, &info) != 0) return false;
  const off_t block = static_cast<off_t>(info.f_frsize);
  result->size = static_cast<off_t>(info.f_blocks) * block;
  result->available = static_cast<off_t>(info.f_bavail) * block;
  return true;
}

bool IsStream(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view suffix = name.substr(dot);
  return suffix == ".in" || suffix == ".rest" || suffix == ".out" || suffix == ".err";
}

// What the streams in the directory take.
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

bool StreamRoom::MayGrow(off_t size) {
  FileSystem system;
  if (!Measure(dir_, &system) || system.available <= system.MustStayFree()) return false;
  if (size < granted_) return true;
  const off_t room = std::min(user_limit_, system.Quarter()) - StreamBytes(dir_);
  if (room <= 0) return false;
  granted_ = size + std::min(room, kStep);
  return true;
}

bool HasRoomForRecord(int dir) {
  FileSystem system;
  return Measure(dir, &system) && system.available > system.MustStayFree() / 2;
}

}  // namespace toolboxd::vixd
