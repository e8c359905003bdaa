// SPDX-License-Identifier: Apache-2.0

// The programs that this user has started, by their records (shim/record.h).

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

// All state is in the files, so programs of an earlier vixd are there as well. Thread-safe.
class ProgramTable {
 public:
  // Makes the directory, mode 0700, if it is missing; removes what nobody will need again.
  static absl::StatusOr<std::unique_ptr<ProgramTable>> Open(const std::string& path);

  // A program that runs or that ended within the last five minutes.
  std::optional<Record> Find(pid_t pid) const;

  // All of them. Ended ones are read once; a thousand cost one directory listing.
  std::vector<Record> All();

  // The path of one of a program's files, such as (4711, ".out").
  std::string FilePath(pid_t pid, const char* suffix) const;
  const std::string& path() const { return path_; }
  // The directory, open as long as this object.
  int directory() const { return dir_.get(); }

 private:
  // A file by its process id and inode: a record with another inode is another program's.
  using Key = std::pair<pid_t, ino_t>;

  ProgramTable(std::string path, UniqueFd dir) : path_(std::move(path)), dir_(std::move(dir)) {}
  // A record that speaks of another process than its name does is none.
  std::optional<Record> Read(pid_t pid, const char* suffix) const;
  std::optional<Record> Running(pid_t pid) const;

  const std::string path_;
  const UniqueFd dir_;
  absl::Mutex mutex_;
  std::map<Key, Record> ended_ ABSL_GUARDED_BY(mutex_);
};

// Whether the very process that a record speaks of exists.
bool IsAlive(pid_t pid, uint64_t start_ticks);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROGRAM_TABLE_H_
