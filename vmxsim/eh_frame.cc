// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/eh_frame.h"

#include <elf.h>
#include <string.h>

#include <algorithm>

#include "transportd/wire/reader.h"

namespace toolboxd::vmxsim {
namespace {

constexpr uint64_t kMaxTable = 16 << 20;

// DWARF pointer encodings as every current linker writes this section.
constexpr uint8_t kPointerRelative4 = 0x1B;  // pcrel | sdata4
constexpr uint8_t kUnsigned4 = 0x03;         // udata4
constexpr uint8_t kTableRelative4 = 0x3B;    // datarel | sdata4

template <typename T>
bool ReadStruct(uint64_t address, const ModuleReader& read, T* result) {
  const std::string bytes = read(address, sizeof(T));
  if (bytes.size() != sizeof(T)) return false;
  memcpy(result, bytes.data(), sizeof(T));
  return true;
}

// Where PT_GNU_EH_FRAME is in memory, and its size; 0 where there is none.
uint64_t FindTable(uint64_t base, const ModuleReader& read, uint64_t* size) {
  Elf64_Ehdr header;
  if (!ReadStruct(base, read, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64) {
    return 0;
  }
  uint64_t first_load = ~uint64_t{0};
  uint64_t table = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!ReadStruct(base + header.e_phoff + i * sizeof(segment), read, &segment)) return 0;
    if (segment.p_type == PT_LOAD && first_load == ~uint64_t{0}) {
      first_load = segment.p_vaddr - segment.p_offset;
    } else if (segment.p_type == PT_GNU_EH_FRAME) {
      table = segment.p_vaddr;
      *size = segment.p_memsz;
    }
  }
  return table == 0 || first_load == ~uint64_t{0} ? 0 : base + table - first_load;
}

}  // namespace

FunctionTable FunctionTable::Load(uint64_t base, const ModuleReader& read) {
  FunctionTable result;
  uint64_t size = 0;
  const uint64_t address = FindTable(base, read, &size);
  if (address == 0 || size > kMaxTable) return result;
  const std::string bytes = read(address, size);
  wire::Reader reader(bytes);
  const uint8_t version = reader.U8();
  const uint8_t frame_encoding = reader.U8();
  const uint8_t count_encoding = reader.U8();
  const uint8_t table_encoding = reader.U8();
  if (version != 1 || frame_encoding != kPointerRelative4 || count_encoding != kUnsigned4 ||
      table_encoding != kTableRelative4) {
    return result;
  }
  reader.I32();  // where .eh_frame is
  const uint32_t count = reader.U32();
  for (uint32_t i = 0; i < count && reader.remaining() >= 8; ++i) {
    result.starts_.push_back(address + reader.I32());
    reader.I32();  // where the function's unwind entry is
  }
  std::sort(result.starts_.begin(), result.starts_.end());
  return result;
}

uint64_t FunctionTable::FunctionStart(uint64_t address) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), address);
  return after == starts_.begin() ? 0 : *(after - 1);
}

}  // namespace toolboxd::vmxsim
