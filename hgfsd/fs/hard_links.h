// SPDX-License-Identifier: Apache-2.0

// HardLinks: finds the names in a tree that belong to the same file.

#ifndef TOOLBOXD_HGFSD_FS_HARD_LINKS_H_
#define TOOLBOXD_HGFSD_FS_HARD_LINKS_H_

#include <sys/stat.h>

#include <map>
#include <string>
#include <utility>

namespace toolboxd::hgfsd {

// Keeps the first name of each file with several names, until all its names have been seen. A name
// outside of the tree is never seen, so memory has a limit: beyond kMaxBytes a file is not kept,
// and each of its names is treated as a file of its own. Not thread-safe.
class HardLinks {
 public:
  // Bytes of names and their overhead.
  static constexpr size_t kMaxBytes = 8 << 20;

  // How a file was seen first.
  struct First {
    // Empty: it was not seen before.
    std::string name;
    // The copy that was made of it then, if SetCopy has named one.
    dev_t device = 0;
    ino_t inode = 0;
  };

  // The first name is kept. To be called once for each name of the tree.
  First FirstName(const struct stat& st, const std::string& name);
  // What became of the file under its first name.
  void SetCopy(const struct stat& st, const struct stat& copy);

  // Bytes that are kept now.
  size_t bytes() const { return bytes_; }

 private:
  struct File {
    First first;
    nlink_t left;
  };

  static size_t Cost(const File& file);

  std::map<std::pair<dev_t, ino_t>, File> files_;
  size_t bytes_ = 0;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_HARD_LINKS_H_
