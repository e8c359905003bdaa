// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/proc_maps.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace toolboxd::vmxsim {
namespace {

// "55d0c000-55d0d000 r-xp 00001000 fe:00 1234   /usr/bin/true"
bool ParseLine(absl::string_view line, Mapping* mapping) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (fields.size() < 5) return false;
  const std::pair<absl::string_view, absl::string_view> range = absl::StrSplit(fields[0], '-');
  if (!absl::SimpleHexAtoi(range.first, &mapping->begin) ||
      !absl::SimpleHexAtoi(range.second, &mapping->end) || fields[1].size() < 3 ||
      !absl::SimpleHexAtoi(fields[2], &mapping->offset)) {
    return false;
  }
  mapping->readable = fields[1][0] == 'r';
  mapping->executable = fields[1][2] == 'x';
  if (fields[4] != "0") mapping->file = absl::StrCat(fields[3], " ", fields[4]);
  return true;
}

}  // namespace

std::vector<Mapping> ParseMaps(absl::string_view text) {
  std::vector<Mapping> mappings;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    Mapping mapping;
    if (ParseLine(line, &mapping)) mappings.push_back(std::move(mapping));
  }
  return mappings;
}

std::vector<Mapping> ReadMaps(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/maps"));
  std::stringstream text;
  text << file.rdbuf();
  return ParseMaps(text.str());
}

}  // namespace toolboxd::vmxsim
