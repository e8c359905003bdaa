// SPDX-License-Identifier: Apache-2.0

// System calls for programs without a C library: none of them sets errno, and all return a negative
// error number for a failure, as the kernel does.

#ifndef TOOLBOXD_BASE_SYSTEM_CALL_H_
#define TOOLBOXD_BASE_SYSTEM_CALL_H_

#include <poll.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/architecture.h"

namespace toolboxd {

// The sixth argument of a call that has one is 0.
inline long SystemCall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = e;
  register long sixth asm("r9") = 0;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return result;
#else
  register long first asm("x0") = a;
  register long second asm("x1") = b;
  register long third asm("x2") = c;
  register long fourth asm("x3") = d;
  register long fifth asm("x4") = e;
  register long sixth asm("x5") = 0;
  register long call asm("x8") = number;
  asm volatile("svc #0"
               : "+r"(first)
               : "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth), "r"(call)
               : "memory", "cc");
  return first;
#endif
}

inline long Address(const void* pointer) { return reinterpret_cast<long>(pointer); }

// Like poll(2) with one descriptor: 1 if there is an event, 0 after `patience_ms`. A negative time
// waits forever.
inline long PollOne(pollfd& item, int patience_ms) {
  if (kPollNumber != SYS_ppoll) return SystemCall(kPollNumber, Address(&item), 1, patience_ms);
  const timespec patience = {patience_ms / 1000, patience_ms % 1000 * 1'000'000L};
  return SystemCall(SYS_ppoll, Address(&item), 1, patience_ms < 0 ? 0 : Address(&patience));
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_SYSTEM_CALL_H_
