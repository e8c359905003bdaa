// SPDX-License-Identifier: Apache-2.0

// The instructions of x86-64.

#include "transportd/backdoor/port.h"

#if defined(__x86_64__)

namespace toolboxd::backdoor {

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

// A low-bandwidth step: no flags in place of the port's number. All that follows is as on the port.
#define TOOLBOXD_HYPERCALL(instruction, registers)                                               \
  registers.dx &= ~uint64_t{0xFFFF};                                                             \
  asm volatile(instruction                                                                       \
               : "+a"(registers.ax), "+b"(registers.bx), "+c"(registers.cx), "+d"(registers.dx), \
                 "+S"(registers.si), "+D"(registers.di)                                          \
               :                                                                                 \
               : "memory", "cc")

void IoPort::In(Registers& registers) {
  asm volatile("in %%dx, %%eax"
               : "+a"(registers.ax), "+b"(registers.bx), "+c"(registers.cx), "+d"(registers.dx),
                 "+S"(registers.si), "+D"(registers.di)
               :
               : "memory", "cc");
}

void IoPort::HighBandwidthOut(Registers& registers) { TOOLBOXD_HIGH_BANDWIDTH("rep outsb"); }

void IoPort::HighBandwidthIn(Registers& registers) { TOOLBOXD_HIGH_BANDWIDTH("rep insb"); }

void VmcallPort::In(Registers& registers) { TOOLBOXD_HYPERCALL("vmcall", registers); }

void VmmcallPort::In(Registers& registers) { TOOLBOXD_HYPERCALL("vmmcall", registers); }

}  // namespace toolboxd::backdoor

#endif  // __x86_64__
