// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/hard_links.h"

namespace toolboxd::hgfsd {
namespace {

// Bytes of a map's node and two allocations.
constexpr size_t kOverhead = 128;

}  // namespace

size_t HardLinks::Cost(const File& file) { return file.first.name.size() + kOverhead; }

HardLinks::First HardLinks::FirstName(const struct stat& st, const std::string& name) {
  if (st.st_nlink < 2) return {};
  const auto found = files_.find({st.st_dev, st.st_ino});
  if (found == files_.end()) {
    File file = {{name}, st.st_nlink - 1};
    if (bytes_ + Cost(file) > kMaxBytes) return {};
    bytes_ += Cost(file);
    files_.emplace(std::make_pair(st.st_dev, st.st_ino), std::move(file));
    return {};
  }
  File& file = found->second;
  if (--file.left > 0) return file.first;
  bytes_ -= Cost(file);
  First first = std::move(file.first);
  files_.erase(found);
  return first;
}

void HardLinks::SetCopy(const struct stat& st, const struct stat& copy) {
  const auto found = files_.find({st.st_dev, st.st_ino});
  if (found == files_.end()) return;
  found->second.first.device = copy.st_dev;
  found->second.first.inode = copy.st_ino;
}

}  // namespace toolboxd::hgfsd
