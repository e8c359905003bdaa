// SPDX-License-Identifier: Apache-2.0

#include "vixd/program_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "base/process_stat.h"
#include "base/status.h"
#include "vixd/shim/janitor.h"

namespace toolboxd::vixd {
namespace {

bool IsRecent(const Record& record) {
  return record.end_time == 0 || record.end_time + kRetentionSeconds >= time(nullptr);
}

}  // namespace

bool IsAlive(pid_t pid, uint64_t start_ticks) {
  return start_ticks != 0 && StartTicks(pid) == start_ticks;
}

absl::StatusOr<std::unique_ptr<ProgramTable>> ProgramTable::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return ErrnoError(errno, absl::StrCat("cannot make ", path));
  UniqueFd dir(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir.ok()) return ErrnoError(errno, absl::StrCat("cannot open ", path));
  // A shim that was killed leaves no janitor.
  Sweep(dir.get(), kRetentionSeconds);
  return std::unique_ptr<ProgramTable>(new ProgramTable(path, std::move(dir)));
}

std::string ProgramTable::FilePath(pid_t pid, const char* suffix) const {
  return absl::StrCat(path_, "/", pid, suffix);
}

std::optional<Record> ProgramTable::Read(pid_t pid, const char* suffix) const {
  std::optional<Record> record = ReadRecord(dir_.get(), absl::StrCat(pid, suffix));
  if (record.has_value() && record->pid != pid) return std::nullopt;
  return record;
}

std::optional<Record> ProgramTable::Running(pid_t pid) const {
  std::optional<Record> record = Read(pid, "");
  // If the shim was killed, no process will ever record the end.
  if (record.has_value() && !IsAlive(record->shim, record->shim_ticks) &&
      !IsAlive(pid, record->start_ticks)) {
    return std::nullopt;
  }
  return record;
}

std::optional<Record> ProgramTable::Find(pid_t pid) const {
  if (pid <= 0) return std::nullopt;
  std::optional<Record> record = Read(pid, ".end");
  if (!record.has_value()) record = Running(pid);
  // It may have ended between the two looks.
  if (!record.has_value()) record = Read(pid, ".end");
  if (record.has_value() && !IsRecent(*record)) return std::nullopt;
  return record;
}

std::vector<Record> ProgramTable::All() {
  const int fd = openat(dir_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = fd < 0 ? nullptr : fdopendir(fd);
  if (list == nullptr) return {};
  std::set<pid_t> running;
  std::map<Key, Record> ended;
  absl::MutexLock lock(&mutex_);
  while (const dirent* entry = readdir(list)) {
    char* rest;
    const long pid = strtol(entry->d_name, &rest, 10);
    if (rest == entry->d_name || pid <= 0) continue;
    if (*rest == '\0') running.insert(static_cast<pid_t>(pid));
    if (strcmp(rest, ".end") != 0) continue;
    const Key key(static_cast<pid_t>(pid), entry->d_ino);
    if (auto known = ended_.extract(key); !known.empty()) {
      ended.insert(std::move(known));
    } else if (std::optional<Record> record = Read(key.first, ".end")) {
      ended.emplace(key, *std::move(record));
    }
  }
  closedir(list);
  ended_ = std::move(ended);

  std::vector<Record> all;
  for (const auto& [key, record] : ended_) {
    running.erase(key.first);
    if (IsRecent(record)) all.push_back(record);
  }
  for (const pid_t pid : running) {
    if (std::optional<Record> record = Find(pid)) all.push_back(*std::move(record));
  }
  return all;
}

}  // namespace toolboxd::vixd
