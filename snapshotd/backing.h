// SPDX-License-Identifier: Apache-2.0

// What the devices of a file system lie on.

#ifndef TOOLBOXD_SNAPSHOTD_BACKING_H_
#define TOOLBOXD_SNAPSHOTD_BACKING_H_

#include <string>
#include <vector>

namespace toolboxd::snapshotd {

struct Backing {
  // The backing files of all loop devices below the file system, as the kernel writes them: an
  // absolute path, with " (deleted)" at its end once the file has no name any more.
  std::vector<std::string> files;
  // There may be more of them.
  bool unknown = false;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_BACKING_H_
