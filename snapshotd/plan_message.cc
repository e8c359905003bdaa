// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/plan_message.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "freezer/protocol.h"

namespace toolboxd::snapshotd {
namespace {

// Bytes of one text. All file systems that can be frozen fit into kMaxMessage with it.
constexpr size_t kMaxText = 300;
constexpr size_t kMaxAlsoAt = 16;
constexpr size_t kMaxMessage = 240 * 1024;
// What a text takes besides its bytes.
constexpr size_t kOverhead = 8;

std::string Shortened(const std::string& text) {
  if (text.size() <= kMaxText) return PrintableUtf8(text);
  const std::string printable = PrintableUtf8(text.substr(0, kMaxText));
  return std::string(CutUtf8(printable, kMaxText - 3)) + "...";
}

// Skipped mounts while there is space.
class SkippedList {
 public:
  SkippedList(v1::QuiescePlan& message, size_t size) : message_(message), size_(size) {}

  void Add(const std::string& mount_point, const std::string& type, const std::string& reason) {
    if (message_.more_skipped() > 0) {
      message_.set_more_skipped(message_.more_skipped() + 1);
      return;
    }
    const std::string path = Shortened(mount_point);
    const std::string why = Shortened(reason);
    const std::string short_type = Shortened(type);
    const size_t size = path.size() + why.size() + short_type.size() + 4 * kOverhead;
    if (size_ + size > kMaxMessage) {
      message_.set_more_skipped(1);
      return;
    }
    size_ += size;
    v1::SkippedMount& mount = *message_.add_skipped();
    mount.set_mount_point(path);
    mount.set_type(short_type);
    mount.set_reason(why);
  }

 private:
  v1::QuiescePlan& message_;
  size_t size_;
};

// Returns the bytes of the message.
size_t AddTargets(const Plan& plan, v1::QuiescePlan& message) {
  size_t size = 0;
  const auto take = [&size](std::string text) {
    size += text.size() + kOverhead;
    return text;
  };
  for (size_t i = 0; i < plan.freeze.size() && i < freezer::kMaxTargets; ++i) {
    v1::PlannedFileSystem& target = *message.add_freeze();
    target.set_mount_point(take(Shortened(plan.freeze[i].place.path)));
    target.set_type(take(Shortened(plan.freeze[i].type)));
    target.set_source(take(Shortened(plan.freeze[i].source)));
    target.set_with_previous(plan.freeze[i].with_previous);
    size += 2 * kOverhead;
  }
  for (int i = 0; i < message.freeze_size(); ++i) {
    const std::vector<std::string>& paths = plan.freeze[i].also_at;
    v1::PlannedFileSystem& target = *message.mutable_freeze(i);
    size_t listed = 0;
    while (listed < std::min(paths.size(), kMaxAlsoAt) &&
           size + kMaxText + kOverhead <= kMaxMessage) {
      target.add_also_at(take(Shortened(paths[listed++])));
    }
    target.set_more_also_at(static_cast<uint32_t>(paths.size() - listed));
  }
  return size;
}

}  // namespace

v1::QuiescePlan ToMessage(const Plan& plan, const v1::SnapshotSettings& settings) {
  v1::QuiescePlan message;
  message.set_sync_only(settings.sync_only());
  SkippedList skipped(message, AddTargets(plan, message));
  for (size_t i = freezer::kMaxTargets; i < plan.freeze.size(); ++i) {
    skipped.Add(plan.freeze[i].place.path, plan.freeze[i].type,
                absl::StrCat("no snapshot: more than ", freezer::kMaxTargets, " to freeze"));
  }
  for (const Skipped& mount : plan.skipped)
    skipped.Add(mount.mount_point, mount.type, mount.reason);
  return message;
}

}  // namespace toolboxd::snapshotd
