// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/cpuid_finder.h"

#include <capstone/capstone.h>

#include <algorithm>

namespace toolboxd::vmxsim {
namespace {

// Without a function table: how far before the candidate disassembly starts, and from how many
// bytes. x86 code falls into step within a few instructions.
constexpr uint64_t kRunUp = 192;
constexpr uint64_t kStarts = 32;
// The longest function that is disassembled.
constexpr uint64_t kMaxFunction = 1 << 20;

class Disassembler {
 public:
  Disassembler() {
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) != CS_ERR_OK) handle_ = 0;
    if (handle_ != 0) instruction_ = cs_malloc(handle_);
  }
  ~Disassembler() {
    if (instruction_ != nullptr) cs_free(instruction_, 1);
    if (handle_ != 0) cs_close(&handle_);
  }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  // Whether `target` is the start of an instruction in a sweep from `start`, both offsets in
  // `text`.
  bool Reaches(absl::string_view text, size_t start, size_t target) {
    const auto* code = reinterpret_cast<const uint8_t*>(text.data()) + start;
    size_t size = text.size() - start;
    uint64_t position = start;
    while (position < target) {
      if (!cs_disasm_iter(handle_, &code, &size, &position, instruction_)) {
        // Padding or an instruction that the library does not know: go on after it.
        ++code;
        --size;
        ++position;
      }
    }
    return position == target;
  }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

// Whether nearly all sweeps that start before `target` arrive there.
bool MostReach(Disassembler& disassembler, absl::string_view text, size_t target) {
  const size_t first = target > kRunUp ? target - kRunUp : 0;
  const size_t starts = std::min<size_t>(kStarts, target - first + 1);
  size_t reached = 0;
  for (size_t i = 0; i < starts; ++i) {
    if (disassembler.Reaches(text, first + i, target)) ++reached;
  }
  return reached * 10 >= starts * 9;
}

}  // namespace

std::vector<uint64_t> FindInstruction(absl::string_view instruction, absl::string_view text,
                                      uint64_t address, const FunctionTable& functions) {
  std::vector<uint64_t> found;
  Disassembler disassembler;
  for (size_t at = text.find(instruction); at != absl::string_view::npos;
       at = text.find(instruction, at + 1)) {
    const uint64_t start = functions.FunctionStart(address + at);
    bool real = false;
    if (start < address || address + at - start > kMaxFunction) {
      real = functions.empty() && MostReach(disassembler, text, at);
    } else {
      real = disassembler.Reaches(text, start - address, at);
    }
    if (real) found.push_back(address + at);
  }
  return found;
}

}  // namespace toolboxd::vmxsim
