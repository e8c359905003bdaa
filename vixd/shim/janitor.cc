// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/janitor.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "vixd/shim/process_stat.h"
#include "vixd/shim/record.h"

namespace toolboxd::vixd {
namespace {

constexpr char kLock[] = "janitor.lock";

// At least so long between two looks at a directory of thousands.
constexpr time_t kMinSleepSeconds = 5;

// What there is of one program.
struct Files {
  // 0 where the program has not ended. A record is not written to after that, so the file's
  // time is the end's.
  time_t ended = 0;
  // When the last of them was written to.
  time_t written = 0;
};

int OpenLock(int dir) {
  return openat(dir, kLock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

// By process id.
std::map<std::string, Files> List(int dir) {
  std::map<std::string, Files> programs;
  const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = fd < 0 ? nullptr : fdopendir(fd);
  if (list == nullptr) return programs;
  while (const dirent* entry = readdir(list)) {
    const std::string name = entry->d_name;
    const std::string pid = name.substr(0, name.find('.'));
    struct stat info;
    if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos ||
        fstatat(dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    Files& files = programs[pid];
    files.written = std::max(files.written, info.st_mtime);
    if (name == pid + ".end") files.ended = info.st_mtime;
  }
  closedir(list);
  return programs;
}

bool IsAlive(pid_t pid, uint64_t start_ticks) {
  return start_ticks != 0 && StartTicks(pid) == start_ticks;
}

// Whether a program without an end will never have one: somebody killed its shim.
bool IsOrphan(int dir, const std::string& pid) {
  const std::optional<Record> record = ReadRecord(dir, pid);
  if (record.has_value() &&
      (IsAlive(record->shim, record->shim_ticks) || IsAlive(record->pid, record->start_ticks))) {
    return false;
  }
  // A shim that has ended since wrote this first.
  return faccessat(dir, (pid + ".end").c_str(), F_OK, 0) != 0;
}

void Remove(int dir, const std::string& pid) {
  for (const char* suffix : {".out", ".err", ".in", ".rest", ".tmp", ".end.tmp", "", ".end"}) {
    unlinkat(dir, (pid + suffix).c_str(), 0);
  }
}

}  // namespace

time_t Sweep(int dir, int keep_seconds) {
  const time_t now = time(nullptr);
  time_t next = 0;
  for (const auto& [pid, files] : List(dir)) {
    const time_t due = files.written + keep_seconds;
    if (files.ended == 0) {
      // One that is about to begin has no record yet.
      const bool may_begin = due > now && !ReadRecord(dir, pid).has_value();
      if (!may_begin && IsOrphan(dir, pid)) Remove(dir, pid);
    } else if (files.ended + keep_seconds <= now) {
      Remove(dir, pid);
    } else if (next == 0 || files.ended + keep_seconds < next) {
      next = files.ended + keep_seconds;
    }
  }
  return next;
}

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

}  // namespace toolboxd::vixd
