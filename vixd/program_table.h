// SPDX-License-Identifier: Apache-2.0

// ProgramTable: the programs that this user has started, by their records (shim/record.h).

#ifndef TOOLBOXD_VIXD_PROGRAM_TABLE_H_
#define TOOLBOXD_VIXD_PROGRAM_TABLE_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/unique_fd.h"
#include "vixd/shim/record.h"

namespace toolboxd::vixd {

// All state is in the files, so it includes programs that an earlier vixd started. Thread-safe.
class ProgramTable {
 public:
  // Makes the directory, mode 0700, if it is missing, and removes the files of programs that
  // ended long ago or whose shim was killed.
  static absl::StatusOr<std::unique_ptr<ProgramTable>> Open(const std::string& path);

  // A program that runs, or that ended within the last kRetentionSeconds.
  std::optional<Record> Find(pid_t pid) const;

  // All programs that Find finds. Records of ended programs are read once and kept in memory.
  std::vector<Record> All();

  // The path of one of a program's files, such as (4711, ".out").
  std::string FilePath(pid_t pid, const char* suffix) const;
  const std::string& path() const { return path_; }
  // A descriptor of the directory, open as long as this object lives.
  int directory() const { return dir_.get(); }

 private:
  // Process id and inode of a record: a record with another inode is another program's.
  using Key = std::pair<pid_t, ino_t>;

  ProgramTable(std::string path, UniqueFd dir) : path_(std::move(path)), dir_(std::move(dir)) {}
  // Nothing for a record whose process id is not the one in its name.
  std::optional<Record> Read(pid_t pid, const char* suffix) const;
  std::optional<Record> Running(pid_t pid) const;

  const std::string path_;
  const UniqueFd dir_;
  // Callers of All contend for it.
  absl::Mutex mutex_;
  std::map<Key, Record> ended_ ABSL_GUARDED_BY(mutex_);
};

// Whether the process `pid` that started at `start_ticks` (base/process_stat.h) still exists.
bool IsAlive(pid_t pid, uint64_t start_ticks);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROGRAM_TABLE_H_
