// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/cpuid_patcher.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "vmxsim/cpuid_finder.h"
#include "vmxsim/eh_frame.h"
#include "vmxsim/proc_maps.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::string_view kUd2("\x0F\x0B", 2);
constexpr uint64_t kMaxText = 256 << 20;

std::string Read(pid_t pid, uint64_t address, uint64_t size) {
  std::string bytes(size, '\0');
  bytes.resize(ReadMemory(pid, address, bytes.data(), bytes.size()));
  return bytes;
}

// Where the file that `text` belongs to has its ELF header: its mapping of offset 0 at or before.
uint64_t ModuleBase(const std::vector<Mapping>& mappings, const Mapping& text) {
  uint64_t base = 0;
  for (const Mapping& mapping : mappings) {
    if (mapping.file == text.file && mapping.offset == 0 && mapping.begin <= text.begin) {
      base = mapping.begin;
    }
  }
  return base;
}

absl::string_view BytesOf(PatchedInstruction instruction) {
  if (instruction == PatchedInstruction::kCpuid) return kCpuidBytes;
  return instruction == PatchedInstruction::kVmcall ? kVmcallBytes : kVmmcallBytes;
}

PatchedAddresses FindOffsets(pid_t pid, const std::vector<Mapping>& mappings, const Mapping& text,
                             const std::vector<PatchedInstruction>& instructions) {
  const std::string bytes = Read(pid, text.begin, text.end - text.begin);
  FunctionTable functions;
  bool loaded = false;
  PatchedAddresses offsets;
  for (const PatchedInstruction instruction : instructions) {
    if (bytes.find(std::string(BytesOf(instruction))) == std::string::npos) continue;
    if (!loaded) {
      functions = FunctionTable::Load(
          ModuleBase(mappings, text),
          [pid](uint64_t address, uint64_t size) { return Read(pid, address, size); });
      loaded = true;
    }
    for (const uint64_t address :
         FindInstruction(BytesOf(instruction), bytes, text.begin, functions)) {
      offsets[address - text.begin] = instruction;
    }
  }
  return offsets;
}

}  // namespace

std::shared_ptr<const PatchedAddresses> CpuidPatcher::Patch(pid_t pid) {
  auto patched = std::make_shared<PatchedAddresses>();
  const std::vector<Mapping> mappings = ReadMaps(pid);
  for (const Mapping& mapping : mappings) {
    if (!mapping.executable || !mapping.readable || mapping.file.empty() ||
        mapping.end - mapping.begin > kMaxText) {
      continue;
    }
    const std::string key =
        absl::StrCat(mapping.file, " ", mapping.offset, " ", mapping.end - mapping.begin);
    auto found = known_.find(key);
    if (found == known_.end()) {
      found = known_.emplace(key, FindOffsets(pid, mappings, mapping, instructions_)).first;
    }
    for (const auto& [offset, instruction] : found->second) {
      const uint64_t address = mapping.begin + offset;
      // A file that was rewritten in place may have something else there now.
      const absl::string_view expected = BytesOf(instruction);
      if (Read(pid, address, expected.size()) != expected) continue;
      if (WriteText(pid, address, kUd2)) patched->emplace(address, instruction);
    }
  }
  return patched;
}

}  // namespace toolboxd::vmxsim
