// SPDX-License-Identifier: Apache-2.0

// A name for a list file of a test: on a tmpfs, as the list wants it.

#ifndef TOOLBOXD_FREEZER_TESTING_LIST_FILE_H_
#define TOOLBOXD_FREEZER_TESTING_LIST_FILE_H_

#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace toolboxd::freezer {

// Removed, with its folder, at the end of the object. /dev/shm is a tmpfs on every Linux machine.
class ListFile {
 public:
  ListFile() {
    char folder[] = "/dev/shm/freezer-test.XXXXXX";
    if (mkdtemp(folder) == nullptr) abort();
    folder_ = folder;
    path_ = folder_ + "/frozen";
  }
  ListFile(const ListFile&) = delete;
  ListFile& operator=(const ListFile&) = delete;
  ~ListFile() {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  const char* path() const { return path_.c_str(); }

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_TESTING_LIST_FILE_H_
