// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/path.h"

#include <limits.h>

#include "absl/strings/str_split.h"

namespace toolboxd::hgfs {
namespace {

constexpr absl::string_view kShare = "root";

Status CheckComponent(absl::string_view component) {
  if (component.empty() || component == "." || component == ".." ||
      component.find('/') != absl::string_view::npos) {
    return Status::kInvalidName;
  }
  return component.size() > NAME_MAX ? Status::kNameTooLong : Status::kSuccess;
}

}  // namespace

Status DecodePath(absl::string_view cp_name, std::string& path) {
  // Before it is copied: the length came from the packet.
  if (cp_name.size() >= PATH_MAX + kShare.size()) return Status::kNameTooLong;
  path.clear();
  bool first = true;
  for (const absl::string_view component : absl::StrSplit(cp_name, '\0')) {
    if (first) {
      if (component != kShare) return Status::kInvalidName;
      first = false;
      continue;
    }
    const Status status = CheckComponent(component);
    if (status != Status::kSuccess) return status;
    path.push_back('/');
    path.append(component.data(), component.size());
  }
  // A view without bytes at all splits into nothing.
  if (first) return Status::kInvalidName;
  if (path.empty()) path.push_back('/');
  return path.size() < PATH_MAX ? Status::kSuccess : Status::kNameTooLong;
}

std::string EncodePath(absl::string_view path) {
  std::string cp_name(kShare);
  for (const absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    cp_name.push_back('\0');
    cp_name.append(component.data(), component.size());
  }
  return cp_name;
}

}  // namespace toolboxd::hgfs
