// SPDX-License-Identifier: Apache-2.0

// A process's memory mappings, from /proc/PID/maps.

#ifndef TOOLBOXD_VMXSIM_PROC_MAPS_H_
#define TOOLBOXD_VMXSIM_PROC_MAPS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

struct Mapping {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool readable = false;
  bool executable = false;
  uint64_t offset = 0;
  // "major:minor inode", the same for every mapping of a file; empty where no file is mapped.
  std::string file;
};

// Lines that are not mappings are skipped.
std::vector<Mapping> ParseMaps(absl::string_view text);
std::vector<Mapping> ReadMaps(pid_t pid);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_PROC_MAPS_H_
