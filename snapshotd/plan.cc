// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "freezer/protocol.h"
#include "snapshotd/file_system_type.h"
#include "snapshotd/freeze_order.h"
#include "snapshotd/glob.h"
#include "snapshotd/mount_tree.h"

namespace toolboxd::snapshotd {
namespace {

constexpr absl::string_view kDeleted = " (deleted)";

// A super block.
struct FileSystem {
  // Positions in the mount table, in its order.
  std::vector<size_t> mounts;
  TypeClass type = TypeClass::kUnknown;
  // Position among those that are frozen.
  std::optional<size_t> layer;
};

class Planner {
 public:
  Planner(std::vector<Mount> mounts, const v1::SnapshotSettings& settings)
      : mounts_(std::move(mounts)), reach_(ReachOf(mounts_)) {
    for (const std::string& pattern : settings.excluded_file_systems()) {
      absl::StatusOr<Glob> glob = Glob::Parse(pattern);
      if (glob.ok()) excluded_.emplace_back(pattern, *std::move(glob));
    }
    FindFileSystems();
  }

  Plan Make(const BackingOf& backing_of, const std::vector<std::string>& disk_files) {
    Plan plan;
    std::vector<Skipped> others;
    for (FileSystem& file_system : file_systems_) {
      std::string reason = ReasonAgainst(file_system);
      if (reason.empty()) {
        file_system.layer = chosen_.size();
        chosen_.push_back(&file_system);
        continue;
      }
      const Mount& mount = mounts_[MountsByQuality(file_system)[0]];
      const bool could_be = file_system.type == TypeClass::kFreezable;
      if (!could_be && !IsOfInterest(file_system.type, mount)) continue;
      (could_be ? plan.skipped : others)
          .push_back({mount.mount_point, mount.type, std::move(reason)});
    }
    std::move(others.begin(), others.end(), std::back_inserter(plan.skipped));
    for (const std::vector<size_t>& group : FreezeOrder(LayersOf(backing_of, disk_files))) {
      for (const size_t layer : group) {
        plan.freeze.push_back(TargetOf(*chosen_[layer]));
        plan.freeze.back().with_previous = layer != group[0];
      }
    }
    return plan;
  }

 private:
  void FindFileSystems() {
    // The type is for a number that was used again while the table was read.
    std::map<std::tuple<uint32_t, uint32_t, absl::string_view>, size_t> positions;
    for (size_t i = 0; i < mounts_.size(); ++i) {
      const Mount& mount = mounts_[i];
      const auto [position, is_new] = positions.emplace(
          std::make_tuple(mount.major, mount.minor, absl::string_view(mount.type)),
          file_systems_.size());
      if (is_new) {
        file_systems_.emplace_back();
        file_systems_.back().type = ClassOf(mount.type);
      }
      file_systems_[position->second].mounts.push_back(i);
      file_system_of_.push_back(position->second);
      by_path_[mount.mount_point].push_back(i);
    }
  }

  // Whether the freezer can open the mount by its path without waiting for any program.
  bool CanServe(size_t mount) const {
    return reach_[mount].visible && !reach_[mount].through &&
           mounts_[mount].mount_point.size() < freezer::kMaxPath;
  }

  // Best first: those that can serve; of these the ones of the whole file system, since the others
  // can be of a single file; of these the shortest paths.
  std::vector<size_t> MountsByQuality(const FileSystem& file_system) const {
    const auto key = [this](size_t i) {
      return std::make_tuple(!CanServe(i), !reach_[i].visible, mounts_[i].root != "/",
                             mounts_[i].mount_point.size(), i);
    };
    std::vector<size_t> mounts = file_system.mounts;
    std::sort(mounts.begin(), mounts.end(), [&key](size_t a, size_t b) { return key(a) < key(b); });
    return mounts;
  }

  // Why the file system is not frozen; empty if it is.
  std::string ReasonAgainst(const FileSystem& file_system) const {
    if (file_system.type != TypeClass::kFreezable) {
      return std::string(ReasonToSkip(file_system.type));
    }
    if (mounts_[file_system.mounts[0]].super_read_only) {
      return std::string(ReasonToSkip(TypeClass::kReadOnly));
    }
    for (const size_t mount : file_system.mounts) {
      for (const auto& [pattern, glob] : excluded_) {
        if (glob.Matches(mounts_[mount].mount_point)) {
          return absl::StrCat("excluded by \"", pattern, "\"");
        }
      }
    }
    const size_t best = MountsByQuality(file_system)[0];
    if (CanServe(best)) return std::string();
    if (!reach_[best].visible) return "hidden by another mount";
    if (!reach_[best].through) return "its path is too long";
    const Mount& way = mounts_[*reach_[best].through];
    return absl::StrCat("only reached through ", way.mount_point, ", which may hang (", way.type,
                        ")");
  }

  // Whether an administrator may ask why it was skipped.
  static bool IsOfInterest(TypeClass type, const Mount& mount) {
    if (type == TypeClass::kKernel) return false;
    for (const absl::string_view folder : {"/dev", "/proc", "/sys"}) {
      if (IsAtOrBelow(mount.mount_point, folder)) return false;
    }
    return type != TypeClass::kMemory || !IsAtOrBelow(mount.mount_point, "/run");
  }

  std::vector<Layer> LayersOf(const BackingOf& backing_of,
                              const std::vector<std::string>& disk_files) const {
    std::vector<Layer> layers(chosen_.size());
    for (size_t i = 0; i < chosen_.size(); ++i) {
      const Backing backing = backing_of(mounts_[chosen_[i]->mounts[0]]);
      layers[i].lies_anywhere = backing.unknown;
      for (const std::string& file : backing.files) AddFile(file, layers[i]);
    }
    Layer holders;
    for (const std::string& file : disk_files) AddFile(file, holders);
    for (const size_t holder : holders.lower) layers[holder].holds_disks = true;
    for (const Layer& upper : layers) {
      for (const size_t lower : upper.lower) layers[lower].holds_disks = true;
    }
    return layers;
  }

  // The file may be on the mount that is visible at the longest part of its path, or, since it can
  // have been opened before others were mounted over it, on a hidden one.
  void AddFile(absl::string_view path, Layer& layer) const {
    if (absl::ConsumeSuffix(&path, kDeleted)) layer.lies_anywhere = true;
    bool is_found = false;
    for (std::string part(path); !is_found && absl::StartsWith(part, "/");) {
      const auto here = by_path_.find(part);
      if (here != by_path_.end()) is_found = AddMounts(here->second, layer);
      if (part == "/") break;
      part.resize(std::max<size_t>(part.rfind('/'), 1));
    }
    if (!is_found) layer.lies_anywhere = true;
  }

  // Whether one of them is visible.
  bool AddMounts(const std::vector<size_t>& mounts, Layer& layer) const {
    bool is_visible = false;
    for (const size_t mount : mounts) {
      is_visible = is_visible || reach_[mount].visible;
      const FileSystem& file_system = file_systems_[file_system_of_[mount]];
      if (file_system.layer) {
        layer.lower.push_back(*file_system.layer);
      } else if (MayHang(file_system.type)) {
        // Its writes may end in any other one: an overlay's layer, a program's file.
        layer.lies_anywhere = true;
      }
    }
    return is_visible;
  }

  Target TargetOf(const FileSystem& file_system) const {
    const std::vector<size_t> mounts = MountsByQuality(file_system);
    const Mount& best = mounts_[mounts[0]];
    Target target;
    target.place = {best.id, best.mount_point};
    target.major = best.major;
    target.minor = best.minor;
    target.type = best.type;
    target.source = best.source;
    for (size_t i = 1; i < mounts.size() && CanServe(mounts[i]); ++i) {
      if (target.alternatives.size() == kMaxAlternatives) break;
      target.alternatives.push_back({mounts_[mounts[i]].id, mounts_[mounts[i]].mount_point});
    }
    std::set<absl::string_view> listed = {best.mount_point};
    for (const size_t mount : file_system.mounts) {
      const std::string& path = mounts_[mount].mount_point;
      if (listed.insert(path).second) target.also_at.push_back(path);
    }
    return target;
  }

  const std::vector<Mount> mounts_;
  const std::vector<Reach> reach_;
  std::vector<std::pair<std::string, Glob>> excluded_;
  // In the order of their first mounts.
  std::vector<FileSystem> file_systems_;
  // For each mount, the index of its file system.
  std::vector<size_t> file_system_of_;
  std::unordered_map<std::string, std::vector<size_t>> by_path_;
  // Those to freeze, in the same order.
  std::vector<FileSystem*> chosen_;
};

}  // namespace

Plan MakePlan(std::vector<Mount> mounts, const v1::SnapshotSettings& settings,
              const BackingOf& backing_of, const std::vector<std::string>& disk_files) {
  return Planner(std::move(mounts), settings).Make(backing_of, disk_files);
}

}  // namespace toolboxd::snapshotd
