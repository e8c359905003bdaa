// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "snapshotd/file_system_type.h"
#include "snapshotd/plan.h"

// A pattern, a zero byte, and a mount table, whose sources are the files below the devices.
// Whatever they are: each file system once, and only such that can be frozen.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace sd = toolboxd::snapshotd;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  toolboxd::v1::SnapshotSettings settings;
  if (end != absl::string_view::npos) {
    settings.add_excluded_file_systems(std::string(input.substr(0, end)));
  }
  const absl::string_view table = end == absl::string_view::npos ? input : input.substr(end + 1);
  const sd::Plan plan = sd::MakePlan(
      toolboxd::ParseMountInfo(table), settings,
      [](const toolboxd::Mount& mount) {
        sd::Backing backing;
        backing.files = {mount.source, mount.root};
        backing.unknown = mount.source.empty();
        return backing;
      },
      {settings.excluded_file_systems_size() > 0 ? settings.excluded_file_systems(0) : "/"});
  std::set<std::tuple<uint32_t, uint32_t, std::string>> seen;
  for (const sd::Target& target : plan.freeze) {
    if (sd::ClassOf(target.type) != sd::TypeClass::kFreezable) __builtin_trap();
    if (!seen.emplace(target.major, target.minor, target.type).second) __builtin_trap();
    if (target.alternatives.size() > sd::kMaxAlternatives) __builtin_trap();
  }
  return 0;
}
