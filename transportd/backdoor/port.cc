// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {
namespace {

#ifndef __x86_64__
#error "The backdoor is implemented for x86-64 only"
#endif

// RBP carries a cookie half in high-bandwidth transfers. It cannot be named as an operand
// (it may be the frame pointer), so it is exchanged with R8 around the instruction; nothing
// in between touches the stack, whose red zone may be in use.
#define TOOLBOXD_HIGH_BANDWIDTH(instruction)                                                     \
  register uint64_t bp asm("r8") = registers.bp;                                                 \
  asm volatile("xchg %%rbp, %%r8\n\tcld\n\t" instruction "\n\txchg %%rbp, %%r8"                  \
               : "+a"(registers.ax), "+b"(registers.bx), "+c"(registers.cx), "+d"(registers.dx), \
                 "+S"(registers.si), "+D"(registers.di), "+r"(bp)                                \
               :                                                                                 \
               : "memory", "cc");                                                                \
  registers.bp = bp

}  // namespace

void CpuPort::In(Registers& registers) {
  asm volatile("in %%dx, %%eax"
               : "+a"(registers.ax), "+b"(registers.bx), "+c"(registers.cx), "+d"(registers.dx),
                 "+S"(registers.si), "+D"(registers.di)
               :
               : "memory", "cc");
}

void CpuPort::HighBandwidthOut(Registers& registers) { TOOLBOXD_HIGH_BANDWIDTH("rep outsb"); }

void CpuPort::HighBandwidthIn(Registers& registers) { TOOLBOXD_HIGH_BANDWIDTH("rep insb"); }

}  // namespace toolboxd::backdoor
