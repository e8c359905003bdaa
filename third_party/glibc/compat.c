// SPDX-License-Identifier: Apache-2.0

// What Debian 12's static libraries want of a C library and glibc 2.28 does not have. Our own code
// calls nothing newer. Linked into the portable programs only (third_party/glibc/README.md).

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

// Not to be seen from outside: the loader would take "pow" here for the old pow below, and the
// function would call itself without end.
#pragma GCC visibility push(hidden)

// Whether the process has one thread only, by which libstdc++ saves atomic instructions. 0: it
// always takes them.
char __libc_single_threaded = 0;

// Both never fail: nothing here could go on without random numbers.
void arc4random_buf(void* buffer, size_t size) {
  for (uint8_t* at = buffer; size > 0;) {
    const ssize_t got = getrandom(at, size, 0);
    if (got < 0 && errno != EINTR) abort();
    if (got <= 0) continue;
    at += got;
    size -= (size_t)got;
  }
}

uint32_t arc4random(void) {
  uint32_t number;
  arc4random_buf(&number, sizeof number);
  return number;
}

// The oldest version of everything.
#if defined(__x86_64__)
#define OLDEST "GLIBC_2.2.5"
#else
#define OLDEST "GLIBC_2.17"
#endif

// glibc 2.29 has new versions of these, which do not set errno through a wrapper; nothing linked
// here looks at errno after them.
#pragma GCC visibility pop
__asm__(".symver OldPow, pow@" OLDEST);
__asm__(".symver OldExp, exp@" OLDEST);
__asm__(".symver OldLog, log@" OLDEST);
__asm__(".symver OldLog2, log2@" OLDEST);
double OldPow(double base, double exponent);
double OldExp(double exponent);
double OldLog(double value);
double OldLog2(double value);
#pragma GCC visibility push(hidden)
double pow(double base, double exponent) { return OldPow(base, exponent); }
double exp(double exponent) { return OldExp(exponent); }
double log(double value) { return OldLog(value); }
double log2(double value) { return OldLog2(value); }
#pragma GCC visibility pop
