// SPDX-License-Identifier: Apache-2.0

// Makes `cpuid` trap in a process on a CPU that cannot do it: replaces the instruction by `ud2`.

#ifndef TOOLBOXD_VMXSIM_CPUID_PATCHER_H_
#define TOOLBOXD_VMXSIM_CPUID_PATCHER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace toolboxd::vmxsim {

// Addresses that were patched in one address space.
using PatchedAddresses = absl::flat_hash_set<uint64_t>;

// Not thread-safe. Patches private copies of pages only: no file is changed.
class CpuidPatcher {
 public:
  // `pid` stands at its program's entry point: the program and the libraries it needs are mapped,
  // and it has one thread. Libraries that it loads later by dlopen() are not patched.
  std::shared_ptr<const PatchedAddresses> Patch(pid_t pid);

 private:
  // Offsets of `cpuid` from the start of an executable mapping, by file and file offset.
  absl::flat_hash_map<std::string, std::vector<uint64_t>> known_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CPUID_PATCHER_H_
