// SPDX-License-Identifier: Apache-2.0

// Makes instructions trap in a process where the CPU does not: replaces each by `ud2`.

#ifndef TOOLBOXD_VMXSIM_CPUID_PATCHER_H_
#define TOOLBOXD_VMXSIM_CPUID_PATCHER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace toolboxd::vmxsim {

enum class PatchedInstruction { kCpuid, kVmcall, kVmmcall };

// What was patched in one address space, by address.
using PatchedAddresses = absl::flat_hash_map<uint64_t, PatchedInstruction>;

// Not thread-safe. Patches private copies of pages only: no file is changed.
class CpuidPatcher {
 public:
  explicit CpuidPatcher(std::vector<PatchedInstruction> instructions)
      : instructions_(std::move(instructions)) {}

  // Whether there is anything to patch.
  bool empty() const { return instructions_.empty(); }
  // `pid` stands at its program's entry point: the program and the libraries it needs are mapped,
  // and it has one thread. Libraries that it loads later by dlopen() are not patched.
  std::shared_ptr<const PatchedAddresses> Patch(pid_t pid);

 private:
  const std::vector<PatchedInstruction> instructions_;
  // The addresses by offset from the start of an executable mapping, for each file and file offset.
  absl::flat_hash_map<std::string, PatchedAddresses> known_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CPUID_PATCHER_H_
