// SPDX-License-Identifier: Apache-2.0

// HardLinks: which files of a tree are the same one.

#ifndef TOOLBOXD_HGFSD_HARD_LINKS_H_
#define TOOLBOXD_HGFSD_HARD_LINKS_H_

#include <sys/stat.h>

#include <map>
#include <string>
#include <utility>

namespace toolboxd::hgfsd {

// Remembers the first name of each file that has several until the last one has been seen.
// Names outside of the tree never are, so there is a bound: beyond it a file's names become
// files of their own. Not thread-safe.
class HardLinks {
 public:
  static constexpr size_t kMaxBytes = 8 << 20;

  // The name that the file was first seen under; empty for the first one, which is kept.
  // Each name of the tree once.
  std::string FirstName(const struct stat& st, const std::string& name);

  // What is kept now.
  size_t bytes() const { return bytes_; }

 private:
  struct File {
    std::string name;
    nlink_t left;
  };

  static size_t Cost(const File& file);

  std::map<std::pair<dev_t, ino_t>, File> files_;
  size_t bytes_ = 0;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_HARD_LINKS_H_
