// SPDX-License-Identifier: Apache-2.0

// The instructions of arm64 (docs/protocol/transport.md 1.8): a read of a system register that the
// hypervisor traps.

#include "transportd/backdoor/port.h"

#if defined(__aarch64__)

namespace toolboxd::backdoor {

// `descriptor` says what x86's instruction would: size, direction, string or not; the port is in
// x3. x7 is written next to the access, so that these are the words that hypervisors know.
#define TOOLBOXD_TRAPPED_READ(descriptor, registers)                                       \
  register uint64_t ax asm("x0") = registers.ax;                                           \
  register uint64_t bx asm("x1") = registers.bx;                                           \
  register uint64_t cx asm("x2") = registers.cx;                                           \
  register uint64_t dx asm("x3") = registers.dx;                                           \
  register uint64_t si asm("x4") = registers.si;                                           \
  register uint64_t di asm("x5") = registers.di;                                           \
  register uint64_t bp asm("x6") = registers.bp;                                           \
  asm volatile("mov x7, #" descriptor "\n\tmovk x7, #0x86, lsl #32\n\tmrs xzr, mdccsr_el0" \
               : "+r"(ax), "+r"(bx), "+r"(cx), "+r"(dx), "+r"(si), "+r"(di), "+r"(bp)      \
               :                                                                           \
               : "x7", "memory", "cc");                                                    \
  registers = {.ax = ax, .bx = bx, .cx = cx, .dx = dx, .si = si, .di = di, .bp = bp}

void IoPort::In(Registers& registers) { TOOLBOXD_TRAPPED_READ("0x0e", registers); }

void IoPort::HighBandwidthOut(Registers& registers) { TOOLBOXD_TRAPPED_READ("0x18", registers); }

void IoPort::HighBandwidthIn(Registers& registers) { TOOLBOXD_TRAPPED_READ("0x1c", registers); }

// These are x86's: here they fault, as there where no hypervisor takes them.
void VmcallPort::In(Registers&) { asm volatile("udf #0"); }

void VmmcallPort::In(Registers&) { asm volatile("udf #0"); }

}  // namespace toolboxd::backdoor

#endif  // __aarch64__
