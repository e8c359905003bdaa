// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/mount_tree.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "absl/strings/match.h"
#include "snapshotd/file_system_type.h"

namespace toolboxd::snapshotd {
namespace {

// Empty for "/", so that it ends without a slash as all others do.
absl::string_view PathOf(const Mount& mount) {
  return mount.mount_point == "/" ? absl::string_view() : absl::string_view(mount.mount_point);
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  return path.size() > folder.size() && path[folder.size()] == '/' &&
         absl::StartsWith(path, folder);
}

// What is below a folder follows it at once: "/" is before all other characters.
bool IsBefore(absl::string_view a, absl::string_view b) {
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at_a == a.end() || at_b == b.end()) return at_b != b.end();
  if (*at_a == '/' || *at_b == '/') return *at_a == '/' && *at_b != '/';
  return *at_a < *at_b;
}

class Tree {
 public:
  explicit Tree(const std::vector<Mount>& mounts)
      : mounts_(mounts), children_(mounts.size() + 1), reach_(mounts.size()) {
    std::unordered_map<uint32_t, size_t> positions;
    for (size_t i = 0; i < mounts.size(); ++i) positions.emplace(mounts[i].id, i);
    for (size_t i = 0; i < mounts.size(); ++i) {
      const auto parent = positions.find(mounts[i].parent_id);
      const bool is_top = parent == positions.end() || parent->second == i;
      children_[is_top ? Top() : parent->second].push_back(i);
    }
  }

  std::vector<Reach> Walk() {
    std::vector<size_t> ahead;
    VisitChildren(Top(), ahead);
    while (!ahead.empty()) {
      const size_t next = ahead.back();
      ahead.pop_back();
      VisitChildren(next, ahead);
    }
    return std::move(reach_);
  }

 private:
  // Stands for what the tops of the table are mounted on.
  size_t Top() const { return mounts_.size(); }

  // A look-up starts in the root directory and does not step to what is mounted on that.
  bool IsRoot(size_t mount) const { return mount == root_; }

  void VisitChildren(size_t parent, std::vector<size_t>& ahead) {
    std::vector<size_t>& children = children_[parent];
    // The last one of several at one path comes first: it covers the others.
    std::sort(children.begin(), children.end(), [this](size_t a, size_t b) {
      const absl::string_view path_a = PathOf(mounts_[a]);
      const absl::string_view path_b = PathOf(mounts_[b]);
      return path_a == path_b ? a > b : IsBefore(path_a, path_b);
    });
    // Before the children are: the root directory may be among them.
    const bool parent_is_visible = parent == Top() || reach_[parent].visible;
    std::optional<size_t> cover;
    for (const size_t child : children) {
      const bool is_on_root = PathOf(mounts_[child]).empty();
      const bool is_root = is_on_root && parent == Top() && root_ == Top();
      if (is_root) root_ = child;
      const bool is_covered = (is_on_root && !is_root) || (cover && IsCovered(child, *cover));
      if (!is_on_root && !is_covered) cover = child;
      reach_[child].visible = parent_is_visible && !is_covered;
      reach_[child].through = Through(parent, child);
      ahead.push_back(child);
    }
    if (parent != Top() && !IsRoot(parent)) CoverParent(parent);
  }

  bool IsCovered(size_t mount, size_t sibling) const {
    const absl::string_view path = PathOf(mounts_[mount]);
    const absl::string_view cover = PathOf(mounts_[sibling]);
    return path == cover || IsBelow(path, cover);
  }

  // By a mount on its own root directory, which then also covers the other children: it is the
  // first of them.
  void CoverParent(size_t parent) {
    const std::vector<size_t>& children = children_[parent];
    if (children.empty()) return;
    if (PathOf(mounts_[children[0]]) == PathOf(mounts_[parent])) reach_[parent].visible = false;
  }

  std::optional<size_t> Through(size_t parent, size_t child) const {
    if (parent == Top()) return std::nullopt;
    if (reach_[parent].through || IsRoot(parent)) return reach_[parent].through;
    const TypeClass type = ClassOf(mounts_[parent].type);
    // What an automounter has mounted over itself is stepped to without asking it.
    if (type == TypeClass::kAutomounter && PathOf(mounts_[child]) == PathOf(mounts_[parent])) {
      return std::nullopt;
    }
    return MayHang(type) ? std::optional<size_t>(parent) : std::nullopt;
  }

  const std::vector<Mount>& mounts_;
  std::vector<std::vector<size_t>> children_;
  std::vector<Reach> reach_;
  size_t root_ = mounts_.size();
};

}  // namespace

std::vector<Reach> ReachOf(const std::vector<Mount>& mounts) { return Tree(mounts).Walk(); }

bool IsAtOrBelow(absl::string_view path, absl::string_view folder) {
  if (folder == "/") return absl::StartsWith(path, "/");
  return path == folder || IsBelow(path, folder);
}

}  // namespace toolboxd::snapshotd
