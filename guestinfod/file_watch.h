// SPDX-License-Identifier: Apache-2.0

// Detects changes of files that other programs replace.

#ifndef TOOLBOXD_GUESTINFOD_FILE_WATCH_H_
#define TOOLBOXD_GUESTINFOD_FILE_WATCH_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace toolboxd::guestinfod {

// Watches the folders that hold the files, and those that hold the targets of symbolic links
// on the way, by inotify(7): a file may be written, renamed over, or be a link that is
// replaced. For a folder that does not exist yet, the nearest one that exists is watched. Other
// files of these folders wake the reader, but are ignored. Not thread-safe.
class FileWatch {
 public:
  // Paths are absolute. Files that cannot be watched are left out.
  static absl::StatusOr<FileWatch> Open(std::vector<std::string> paths);

  // Becomes readable when something happened in the folders.
  int fd() const { return inotify_.get(); }

  // Takes all waiting events. Returns whether one of the files may have changed.
  bool Drain();

 private:
  FileWatch() = default;

  // Looks up all paths again and watches what they lead through now.
  void Refresh();
  void Add(const std::string& folder, const std::string& name, int depth);

  std::vector<std::string> paths_;
  UniqueFd inotify_;
  // For each watched folder the names in it that matter.
  std::map<int, std::set<std::string>> names_;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_FILE_WATCH_H_
