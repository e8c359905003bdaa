#include "vixd/shim/janitor.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace toolboxd::vix {
namespace {

constexpr char kLock[] = "janitor.lock";
constexpr char kEnd[] = ".end";

// At least so long between two looks at a directory of thousands.
constexpr time_t kMinSleepSeconds = 5;

int OpenLock(int dir) {
  return openat(dir, kLock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void RemoveProgram(int dir, const std::string& pid) {
  for (const char* suffix : {".out", ".err", ".in", kEnd}) {
    unlinkat(dir, (pid + suffix).c_str(), 0);
  }
}

// Removes what is old; returns when the next record gets old, or 0 if none is left. A record
// is not written to after its end, so its file's time is the end's.
time_t Sweep(int dir, int keep_seconds) {
  const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = fd < 0 ? nullptr : fdopendir(fd);
  if (list == nullptr) return 0;
  const time_t now = time(nullptr);
  time_t next = 0;
  std::vector<std::string> old;
  while (const dirent* entry = readdir(list)) {
    const size_t size = strlen(entry->d_name);
    const size_t stem = size - std::min(size, strlen(kEnd));
    if (strcmp(entry->d_name + stem, kEnd) != 0) continue;
    struct stat info;
    if (fstatat(dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const time_t due = info.st_mtime + keep_seconds;
    if (due <= now) {
      old.emplace_back(entry->d_name, stem);
    } else if (next == 0 || due < next) {
      next = due;
    }
  }
  closedir(list);
  for (const std::string& pid : old) RemoveProgram(dir, pid);
  return next;
}

}  // namespace

bool HasJanitor(int dir) {
  const int lock = OpenLock(dir);
  if (lock < 0) return false;
  const bool taken = flock(lock, LOCK_EX | LOCK_NB) != 0;
  close(lock);
  return taken;
}

void CleanUp(int dir, int keep_seconds) {
  const int lock = OpenLock(dir);
  if (lock < 0) return;
  // Again after giving the lock up: a program that ended meanwhile has found it taken.
  for (time_t next = 1; next != 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;) {
    while ((next = Sweep(dir, keep_seconds)) != 0) {
      const time_t wait = next - time(nullptr);
      sleep(static_cast<unsigned>(
          keep_seconds <= kMinSleepSeconds ? 1 : std::max(wait, kMinSleepSeconds)));
    }
    flock(lock, LOCK_UN);
    next = Sweep(dir, keep_seconds);
  }
  close(lock);
}

}  // namespace toolboxd::vix
