// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/cpuid_finder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "vmxsim/cpuid_emulator.h"
#include "vmxsim/proc_maps.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

// This program, as it is loaded: functions whose bytes are known.

// Two real instructions.
__attribute__((noinline, used)) uint32_t TwoReal() {
  uint32_t eax = 0, ecx = 0;
  asm volatile(".globl vmx_real_1\nvmx_real_1: cpuid" : "+a"(eax), "+c"(ecx)::"ebx", "edx");
  eax = 1;
  asm volatile(".globl vmx_real_2\nvmx_real_2: cpuid" : "+a"(eax), "+c"(ecx)::"ebx", "edx");
  return eax;
}

// 0F A2 inside another instruction's constant.
__attribute__((noinline, used)) uint32_t OnlyAConstant(uint32_t value) {
  uint32_t result = 0;
  asm volatile(".globl vmx_constant\nvmx_constant: movl $0x00A20F00, %0\naddl %1, %0"
               : "=&r"(result)
               : "r"(value));
  return result;
}

// Never called: where it is not taken, it faults.
__attribute__((noinline, used)) void Hypercalls() {
  asm volatile(".globl vmx_vmcall\nvmx_vmcall: vmcall");
  asm volatile(".globl vmx_vmmcall\nvmx_vmmcall: vmmcall");
}

extern "C" {
extern const char vmx_vmcall[];
extern const char vmx_vmmcall[];
extern const char vmx_real_1[];
extern const char vmx_real_2[];
extern const char vmx_constant[];
}

uint64_t Address(const char* label) { return reinterpret_cast<uint64_t>(label); }

class CpuidFinder : public testing::Test {
 protected:
  CpuidFinder() {
    for (const Mapping& mapping : ReadMaps(getpid())) {
      if (mapping.begin <= Address(vmx_real_1) && Address(vmx_real_1) < mapping.end)
        text_ = mapping;
    }
    for (const Mapping& mapping : ReadMaps(getpid())) {
      if (mapping.file == text_.file && mapping.offset == 0) base_ = mapping.begin;
    }
    functions_ = FunctionTable::Load(base_, Read);
  }

  static std::string Read(uint64_t address, uint64_t size) {
    std::string bytes(size, '\0');
    bytes.resize(ReadMemory(getpid(), address, bytes.data(), size));
    return bytes;
  }

  bool Finds(const FunctionTable& functions, uint64_t address,
             absl::string_view instruction = kCpuidBytes) {
    const std::vector<uint64_t> found = FindInstruction(
        instruction, Read(text_.begin, text_.end - text_.begin), text_.begin, functions);
    return std::find(found.begin(), found.end(), address) != found.end();
  }

  Mapping text_;
  uint64_t base_ = 0;
  FunctionTable functions_;
};

TEST_F(CpuidFinder, KnowsWhereFunctionsBegin) {
  ASSERT_FALSE(functions_.empty());
  EXPECT_EQ(functions_.FunctionStart(Address(vmx_real_2)), reinterpret_cast<uint64_t>(&TwoReal));
  EXPECT_EQ(functions_.FunctionStart(Address(vmx_constant)),
            reinterpret_cast<uint64_t>(&OnlyAConstant));
  EXPECT_EQ(functions_.FunctionStart(1), 0u);
}

TEST_F(CpuidFinder, FindsInstructionsAndNotConstants) {
  EXPECT_TRUE(Finds(functions_, Address(vmx_real_1)));
  EXPECT_TRUE(Finds(functions_, Address(vmx_real_2)));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Finds(functions_, Address(vmx_constant) + i));
}

TEST_F(CpuidFinder, HypercallsAreNotMistakenForEachOther) {
  EXPECT_TRUE(Finds(functions_, Address(vmx_vmcall), kVmcallBytes));
  EXPECT_TRUE(Finds(functions_, Address(vmx_vmmcall), kVmmcallBytes));
  EXPECT_FALSE(Finds(functions_, Address(vmx_vmcall), kVmmcallBytes));
  EXPECT_FALSE(Finds(functions_, Address(vmx_vmmcall), kVmcallBytes));
}

TEST_F(CpuidFinder, WorksWithoutAFunctionTable) {
  const FunctionTable none;
  EXPECT_TRUE(Finds(none, Address(vmx_real_1)));
  EXPECT_TRUE(Finds(none, Address(vmx_real_2)));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Finds(none, Address(vmx_constant) + i));
}

TEST(EhFrame, ToleratesBytesThatAreNotAModule) {
  EXPECT_TRUE(FunctionTable::Load(0, [](uint64_t, uint64_t) { return std::string(); }).empty());
  EXPECT_TRUE(FunctionTable::Load(0, [](uint64_t, uint64_t size) {
                return std::string(size, '\x7F');
              }).empty());
}

TEST(CpuidEmulator, ShowsVmwareAndTheGivenHypercalls) {
  const CpuidResult vendor = EmulateCpuid(0x40000000, 0);
  EXPECT_EQ(vendor.eax, 0x40000010u);
  EXPECT_EQ(vendor.ebx, 0x61774D56u);
  EXPECT_EQ(vendor.ecx, 0x4D566572u);
  EXPECT_EQ(vendor.edx, 0x65726177u);
  EXPECT_EQ(EmulateCpuid(0x40000010, 0).ecx, 0u);
  for (const uint32_t accepted : {1u, 2u, 3u}) {
    EXPECT_EQ(EmulateCpuid(0x40000010, 0, accepted).ecx, accepted);
  }
  EXPECT_EQ(EmulateCpuid(0x40000001, 0).eax, 0u);
  EXPECT_EQ(EmulateCpuid(1, 0).ecx >> 31, 1u);
  EXPECT_GE(EmulateCpuid(0, 0).eax, 1u);
}

TEST(ProcMaps, ParsesMappings) {
  const std::vector<Mapping> mappings = ParseMaps(
      "55d0c000-55d0d000 r-xp 00001000 fe:00 1234   /usr/bin/with space\n"
      "7ffd0000-7ffd1000 rw-p 00000000 00:00 0      [stack]\nnonsense\n");
  ASSERT_EQ(mappings.size(), 2u);
  EXPECT_EQ(mappings[0].begin, 0x55d0c000u);
  EXPECT_EQ(mappings[0].offset, 0x1000u);
  EXPECT_TRUE(mappings[0].executable);
  EXPECT_EQ(mappings[0].file, "fe:00 1234");
  EXPECT_FALSE(mappings[1].executable);
  EXPECT_EQ(mappings[1].file, "");
}

}  // namespace
}  // namespace toolboxd::vmxsim
