// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 8;
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

absl::StatusOr<FileWatch> FileWatch::Open(std::vector<std::string> paths) {
  FileWatch watch;
  watch.paths_ = std::move(paths);
  watch.inotify_.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch.inotify_.ok()) return ErrnoError(errno, "cannot watch files");
  watch.Refresh();
  return watch;
}

bool FileWatch::Drain() {
  bool changed = false;
  alignas(inotify_event) char buffer[4096];
  while (true) {
    const ssize_t n = read(inotify_.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof(event));
      const std::string name(event.len > 0 ? buffer + at + sizeof(event) : "");
      at += static_cast<ssize_t>(sizeof(event) + event.len);
      const auto names = names_.find(event.wd);
      const bool known = names != names_.end();
      if ((event.mask & IN_IGNORED) == 0 &&
          ((event.mask & IN_Q_OVERFLOW) != 0 ||
           (known && (name.empty() || names->second.count(name) > 0)))) {
        changed = true;
      }
    }
  }
  if (changed) Refresh();
  return changed;
}

void FileWatch::Refresh() {
  std::map<int, std::set<std::string>> before = std::exchange(names_, {});
  for (const std::string& path : paths_) {
    Add(fs::path(path).parent_path(), fs::path(path).filename(), 0);
  }
  for (const auto& [watch, names] : before) {
    if (names_.count(watch) == 0) inotify_rm_watch(inotify_.get(), watch);
  }
}

void FileWatch::Add(const std::string& folder, const std::string& name, int depth) {
  const int watch = inotify_add_watch(inotify_.get(), folder.c_str(), kEvents);
  if (watch < 0) {
    const fs::path missing(folder);
    if (missing.has_relative_path()) Add(missing.parent_path(), missing.filename(), depth);
    return;
  }
  names_[watch].insert(name);
  std::error_code error;
  const fs::path target = fs::read_symlink(fs::path(folder) / name, error);
  if (error || depth >= kMaxLinks) return;
  const fs::path next = (fs::path(folder) / target).lexically_normal();
  Add(next.parent_path(), next.filename(), depth + 1);
}

}  // namespace toolboxd::guestinfod
