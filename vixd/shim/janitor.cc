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

#include "base/process_stat.h"
#include "vixd/shim/record.h"

namespace toolboxd::vixd {
namespace {

constexpr char kLock[] = "janitor.lock";

// Between two sweeps: a directory of thousands of records takes a while to read.
constexpr time_t kMinSleepSeconds = 5;

// The files of one program.
struct Files {
  // When the program ended; 0 if it has not. The record is not written after the end, so this is
  // the record's modification time.
  time_t ended = 0;
  // The latest modification time of them all.
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

// Whether the end of a program will never be recorded, because its shim was killed.
bool IsOrphan(int dir, const std::string& pid) {
  const std::optional<Record> record = ReadRecord(dir, pid);
  if (record.has_value() &&
      (IsAlive(record->shim, record->shim_ticks) || IsAlive(record->pid, record->start_ticks))) {
    return false;
  }
  // A shim that ended in the meantime has written this first.
  return faccessat(dir, (pid + ".end").c_str(), F_OK, 0) != 0;
}

void Remove(int dir, const std::string& pid) {
  for (const char* suffix : {".out", ".err", ".in", ".rest", ".tmp", ".end.tmp", "", ".end"}) {
    unlinkat(dir, (pid + suffix).c_str(), 0);
  }
}

}  // namespace

time_t Sweep(int dir, int retention_seconds) {
  const time_t now = time(nullptr);
  time_t next = 0;
  for (const auto& [pid, files] : List(dir)) {
    const time_t due = files.written + retention_seconds;
    if (files.ended == 0) {
      // A program that is being started has files and no record yet.
      const bool may_begin = due > now && !ReadRecord(dir, pid).has_value();
      if (!may_begin && IsOrphan(dir, pid)) Remove(dir, pid);
    } else if (files.ended + retention_seconds <= now) {
      Remove(dir, pid);
    } else if (next == 0 || files.ended + retention_seconds < next) {
      next = files.ended + retention_seconds;
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

void RunJanitor(int dir, int retention_seconds) {
  const int lock = OpenLock(dir);
  if (lock < 0) return;
  // Once more without the lock: a shim that ended in the meantime has found the lock taken.
  for (time_t next = 1; next != 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;) {
    while ((next = Sweep(dir, retention_seconds)) != 0) {
      const time_t wait = next - time(nullptr);
      sleep(static_cast<unsigned>(
          retention_seconds <= kMinSleepSeconds ? 1 : std::max(wait, kMinSleepSeconds)));
    }
    flock(lock, LOCK_UN);
    next = Sweep(dir, retention_seconds);
  }
  close(lock);
}

}  // namespace toolboxd::vixd
