// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/left_out.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "snapshotd/file_system_type.h"

namespace toolboxd::snapshotd {
namespace {

constexpr size_t kMaxItem = 200;

}  // namespace

std::string ListText(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < std::min(items.size(), kMaxListed); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", items[i].substr(0, kMaxItem));
  }
  if (items.size() > kMaxListed)
    absl::StrAppend(&text, " and ", items.size() - kMaxListed, " more");
  return text;
}

std::string MalformedText(const MountTable& table) {
  if (table.malformed == 0) return "";
  return absl::StrCat(table.malformed, " lines of the mount table cannot be read, the first: \"",
                      table.first_malformed, "\"");
}

std::string SkippedText(const Plan& plan) {
  std::vector<std::string> items;
  for (const Skipped& skipped : plan.skipped) {
    if (ClassOf(skipped.type) != TypeClass::kFreezable) continue;
    items.push_back(absl::StrCat(skipped.mount_point, " (", skipped.reason, ")"));
  }
  return ListText(items);
}

}  // namespace toolboxd::snapshotd
